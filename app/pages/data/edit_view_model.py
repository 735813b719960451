"""Rules of reading a data set row by row: what a person corrects, drops or takes back is a new version."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.models.library import DataItem
from app.pages.data import reading
from app.pages.data.reading import FieldAt, RowAt
from core.errors import WorkbenchError
from core.specs import EditDataSpec
from core.specs.editing import EditedSplit, RowEdit, RowPlace, RowRating
from core.workspace.workspace import check_name

Blocker = Literal["", "nothing", "blank", "everything", "name", "name_taken"]
Verdict = Literal["", "kept", "edited", "dropped", "low", "back"]
PAGE_ROWS = 10
#: What a row must have to teach something.
_NEEDED = ("user", "assistant", "label", "text")
_Row = tuple[EditedSplit, int]
_Value = tuple[EditedSplit, int, str, int | None]


@dataclass(frozen=True)
class RowItem:
    """A row in the list; `why` it was dropped before, where it was and still is."""

    id: str
    text: str
    verdict: Verdict
    stars: int = 0
    why: str = ""


class EditViewModel(QObject):
    """Shows a few rows at a time and remembers what was said of each.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
        item: The data set.
        parent: Owner.

    Signals:
        changed: Another verdict, change or name.
        row_changed: Another row is shown.
        queued: The run that makes the new version.
        failed: An error.
    """

    changed = Signal()
    row_changed = Signal()
    queued = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, item: DataItem, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self.item = item
        self.split: EditedSplit = "train"
        self.first = 1
        self.rows: list[RowAt] = []
        self.current: RowAt | None = None
        self._edits: dict[_Value, str] = {}
        self._needed_blank: set[_Value] = set()
        self._dropped: dict[_Row, RowAt] = {}
        self._dropped_here: list[RowAt] = []
        self._dropped_before: int | None = None
        self._back: dict[_Row, RowAt] = {}
        self._kept: set[_Row] = set()
        self._stars: dict[_Row, int] = {}
        self.least_stars = 1
        self._name = ""

    def close(self) -> None:
        """Drops what is being read."""
        self._background.close()

    # --- which row ---

    def begin(self) -> None:
        """Reads the first rows."""
        self._read(self.split, 1, 0)

    @Slot(str)
    def choose_split(self, split: EditedSplit) -> None:
        """Rows to learn from, rows to watch, or rows that are dropped: here, and before."""
        if split != self.split:
            self._dropped_here = list(self._dropped.values())
            self._read(split, 1, 0)

    def choose(self, row_id: str) -> None:
        """Shows a row of the list."""
        found = next((row for row in self.rows if _id(row) == row_id), None)
        if found is not None and found != self.current:
            self.current = found
            self.row_changed.emit()

    @property
    def current_id(self) -> str:
        """The shown row as the list knows it."""
        return _id(self.current) if self.current is not None else ""

    @property
    def count(self) -> int:
        """How many rows the split has."""
        if self.split == "dropped":
            return len(self._dropped_here) + (self._dropped_before or 0)
        return self.item.train if self.split == "train" else self.item.validation

    @property
    def has_dropped(self) -> bool:
        """Whether there are rows that can be taken back."""
        return self.split == "dropped" or bool(self._dropped or self._dropped_before)

    @property
    def items(self) -> list[RowItem]:
        """The rows of the list."""
        return [
            RowItem(
                _id(row),
                self.text_of(row, row.fields[0]),
                self.verdict(row),
                self.stars_of(row),
                row.why if self.is_out(row) else "",
            )
            for row in self.rows
        ]

    def turn(self, pages: int) -> None:
        """Goes on by so many lists of rows, or back."""
        first = self.first + pages * PAGE_ROWS
        if 1 <= first <= self.count:
            self._read(self.split, first, 0 if pages > 0 else PAGE_ROWS - 1)

    def _read(self, split: EditedSplit, first: int, place: int) -> None:
        folder = self._workspace.artifact_folder(self.item.id)
        here = self._dropped_here[first - 1 : first - 1 + PAGE_ROWS] if split == "dropped" else []
        after = max(1, first - len(self._dropped_here))
        known = self._dropped_before

        def work(_cancelled: threading.Event) -> tuple[list[RowAt], int]:
            if split == "dropped":
                before, there = reading.dropped_at(folder, after, PAGE_ROWS - len(here))
                return [*here, *before], there
            there = known if known is not None else reading.dropped_at(folder, 1, 0)[1]
            return reading.rows_at(folder, split, first, PAGE_ROWS), there

        def done(found: tuple[list[RowAt], int]) -> None:
            rows, self._dropped_before = found
            self.split, self.first, self.rows = split, first, rows
            self.current = rows[min(place, len(rows) - 1)] if rows else None
            self.changed.emit()
            self.row_changed.emit()

        self._background.run("rows", work, done, self.failed.emit)

    # --- what is said of it ---

    def text_of(self, row: RowAt, field: FieldAt) -> str:
        """A value as it is now."""
        return self._edits.get((row.split, row.place, field.column, field.message), field.text)

    def set_text(self, field: FieldAt, text: str) -> None:
        """Writes a value of the current row anew; what stood there takes the change back."""
        row = self.current
        if row is None:
            return
        value: _Value = (row.split, row.place, field.column, field.message)
        self._needed_blank.discard(value)
        if not text.strip() and _is_needed(field):
            self._needed_blank.add(value)
        if text == field.text:
            self._edits.pop(value, None)
        else:
            self._edits[value] = text
        self.changed.emit()

    @Slot()
    def keep(self) -> None:
        """The row is right as it stands now; shows the next one."""
        if self.current is not None:
            self._kept.add(_place(self.current))
            self._go_on()

    @Slot()
    def drop(self) -> None:
        """The row is left out, and what was said of it before is forgotten; shows the next one."""
        row = self.current
        if row is None:
            return
        place = _place(row)
        self._kept.discard(place)
        if row.split == "dropped":
            self._back.pop(place, None)
            self._stars.pop(place, None)
            self._edits = {value: text for value, text in self._edits.items() if value[:2] != place}
            self._needed_blank = {value for value in self._needed_blank if value[:2] != place}
        else:
            self._dropped[place] = row
        self._go_on()

    @Slot()
    def take_back(self) -> None:
        """A row that was dropped, here or before, is in again, and can be corrected."""
        row = self.current
        if row is None:
            return
        if row.split == "dropped":
            self._back[_place(row)] = row
            for field in row.fields:
                if not field.text.strip() and _is_needed(field):
                    self._needed_blank.add((*_place(row), field.column, field.message))
        self._dropped.pop(_place(row), None)
        self.changed.emit()
        self.row_changed.emit()

    def is_out(self, row: RowAt) -> bool:
        """Whether a row is dropped now and can be taken back."""
        place = _place(row)
        return place not in self._back if row.split == "dropped" else place in self._dropped

    def is_open(self, row: RowAt) -> bool:
        """Whether a row can be changed and rated: one that was dropped before must be taken back first."""
        return row.split != "dropped" or _place(row) in self._back

    @property
    def taken_back(self) -> int:
        """How many rows that were dropped before are in again."""
        return len(self._back)

    @Slot(str)
    def rate(self, stars: str) -> None:
        """How good the current row is, `1` to `5`; the same once more takes it back."""
        row = self.current
        if row is None:
            return
        place = _place(row)
        if self._stars.get(place) == int(stars):
            del self._stars[place]
        else:
            self._stars[place] = int(stars)
        self.changed.emit()

    def stars_of(self, row: RowAt) -> int:
        """What was given to a row, now or in an earlier version; 0 where nothing was."""
        return self._stars.get(_place(row), row.stars)

    @property
    def rated(self) -> int:
        """How many rows have a rating."""
        return len(self._stars)

    @Slot(int)
    def set_least_stars(self, stars: int) -> None:
        """Rows that are rated below are left out of the new version."""
        self.least_stars = stars
        self.changed.emit()

    @property
    def _gone(self) -> set[_Row]:
        """Rows that are left out, by a word or by a low rating."""
        low = {place for place, stars in self._stars.items() if stars < self.least_stars}
        return self._dropped.keys() | low

    def _go_on(self) -> None:
        assert self.current is not None
        at = self.rows.index(self.current) + 1
        if at < len(self.rows):
            self.current = self.rows[at]
            self.row_changed.emit()
        else:
            self.turn(1)
        self.changed.emit()

    def verdict(self, row: RowAt) -> Verdict:
        """What was said of a row."""
        place = _place(row)
        if self.is_out(row):
            return "dropped"
        if place in self._gone:
            return "low"
        if place in self._back:
            return "back"
        if any(value[:2] == place for value in self._edits):
            return "edited"
        return "kept" if place in self._kept else ""

    @property
    def counts(self) -> tuple[int, int, int]:
        """Rows read, changed and dropped."""
        gone = {place for place in self._gone if place[0] != "dropped"}
        changed = {value[:2] for value in self._edits if value[0] != "dropped"} - gone
        read = self._kept | gone | changed | self._stars.keys() | self._back.keys()
        return len(read), len(changed), len(gone)

    # --- the new version ---

    @property
    def has_work(self) -> bool:
        """Whether closing now would lose something."""
        return bool(self._edits or self._dropped or self._stars or self._back)

    @property
    def name(self) -> str:
        """How the new version will be called: as typed, or after the data set."""
        return self._name or self._workspace.free_name(f"{self.item.name} edited", "dataset")

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the new version; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    @property
    def blocker(self) -> Blocker:
        """What keeps the new version from being made, or an empty text."""
        if not self.has_work:
            return "nothing"
        gone = self._gone
        if any(value[:2] not in gone for value in self._needed_blank):
            return "blank"
        back = sum(row.is_learnt for place, row in self._back.items() if place not in gone)
        if sum(split == "train" for split, _ in gone) >= self.item.train + back:
            return "everything"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, "dataset") is not None else ""

    @Slot()
    def make(self) -> None:
        """Queues the job; does nothing while something blocks it."""
        if self.blocker:
            return
        edits = tuple(
            RowEdit(split=split, place=place, column=column, message=message, text=text)
            for (split, place, column, message), text in sorted(self._edits.items(), key=str)
            if (split, place) not in self._gone
        )
        ratings = tuple(
            RowRating(split=split, place=place, stars=stars)
            for (split, place), stars in sorted(self._stars.items())
        )
        dropped = tuple(RowPlace(split=split, place=place) for split, place in sorted(self._dropped))
        spec = EditDataSpec(
            data=self.item.id,
            name=self.name,
            edits=edits,
            dropped=dropped,
            taken_back=tuple(sorted(line for _split, line in self._back)),
            ratings=ratings,
            least_stars=self.least_stars,
        )
        try:
            run = self._bridge.submit(spec, spec.name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.queued.emit(run)


def _place(row: RowAt) -> _Row:
    return row.split, row.place


def _id(row: RowAt) -> str:
    return f"{row.split} {row.place}"


def _is_needed(field: FieldAt) -> bool:
    return field.message is not None or field.role in _NEEDED
