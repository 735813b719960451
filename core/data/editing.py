"""A new version of a data set with what a person changed in it, row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from core.counts import counted
from core.data import dropped, versions
from core.data.dataset import SPLITS, Dataset, DatasetInfo, Example, MadeFrom, Split, Step
from core.data.dropped import DroppedRow
from core.data.fingerprints import text_hash
from core.data.quality.rows import row_of
from core.data.roles import text_of
from core.errors import InputError
from core.specs import EditDataSpec
from core.specs.editing import RowEdit

_ROWS_A_TICK = 256
#: A row without one of these teaches nothing.
_NEEDED = ("user", "assistant", "label", "text")
#: A split, or `dropped`, and a place there.
_Place = tuple[str, int]
#: So many labels are named in a refusal; a word that is none of them may be much longer than a label.
_NAMED, _LONGEST = 5, 80
#: The column that keeps what a person thinks of a row, from 1 to 5.
RATING = "rating"


@dataclass
class _Changes:
    """What was said of the rows, by place.

    Attributes:
        edits: Values that are written anew.
        stars: Ratings.
        by_hand: Rows that are dropped.
        low: Rows that are rated below the limit.
        back: Rows that are taken back, by their line.
        gone: Rows that are left out, by hand or for their rating.
        left_out: Fills while rows are written: what this version leaves out.
    """

    edits: dict[_Place, list[RowEdit]]
    stars: dict[_Place, int]
    by_hand: set[_Place]
    low: set[_Place]
    back: dict[int, DroppedRow]
    left_out: list[DroppedRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gone = self.by_hand | self.low


def write(
    data: Dataset, spec: EditDataSpec, digest: str, folder: Path, progress: Callable[[int, int], None]
) -> DatasetInfo:
    """The new version in an empty folder, without its manifest.

    Args:
        data: The data set to begin with.
        spec: What was changed, dropped and taken back, and the new name.
        digest: SHA-256 over the data set's files.
        folder: Where it is written.
        progress: Told of rows done and rows in all; may raise to end the work.

    Raises:
        InputError: A change does not fit the data, or nothing would be left to learn from.
    """
    changes = _changes(data, spec)
    changed = {place for place in changes.edits if place not in changes.gone and place[0] != "dropped"}
    numbers = {
        "changed": len(changed),
        "dropped": len(changes.by_hand),
        "rated": len(changes.stars),
        f"left out below {spec.least_stars} of 5": len(changes.low),
        "taken back": len(changes.back),
    }
    said = [f"{counted(number)} {what}" for what, number in numbers.items() if number]
    step = Step(
        reason="by_hand",
        fix={"fix": "by_hand"},
        sentence=f"{', '.join(said[:-1])}{' and ' if said[1:] else ''}{said[-1]} by hand.",
        dropped=len(changes.gone),
        changed=len(changed),
        taken_back=sum(row.reason in dropped.BY_A_PERSON for row in changes.back.values()),
    )
    origin = MadeFrom(id=spec.data, name=data.info.name, digest=digest, steps=(step,))
    rows = _rows(data, changes, progress)
    added = (RATING,) if changes.stars else ()
    info = versions.write(data, rows, spec.name, origin, folder, {}, added)
    dropped.write(data.folder, changes.back, changes.left_out, folder)
    return info


def _changes(data: Dataset, spec: EditDataSpec) -> _Changes:
    """What is to be done, after every check that needs no look at the rows to learn from."""
    edits: dict[_Place, list[RowEdit]] = defaultdict(list)
    for edit in spec.edits:
        _check(edit, data)
        edits[edit.split, edit.place].append(edit)
    stars: dict[_Place, int] = {(item.split, item.place): item.stars for item in spec.ratings}
    by_hand: set[_Place] = {(item.split, item.place) for item in spec.dropped}
    low = {place for place, given in stars.items() if given < spec.least_stars} - by_hand
    for split, place in (*edits, *by_hand, *stars):
        if split != "dropped" and place > data.info.counts[split]:
            there = data.info.counts[split]
            raise _misfit(data, f"There is no row {place:,} among its {there:,} {split} rows.")
    known = dropped.read(data.folder) if spec.taken_back else {}
    for place in spec.taken_back:
        if place not in known:
            raise _misfit(data, f"There is no row {place:,} among the dropped ones that can be taken back.")
    back = {place: _whole(known[place], data) for place in spec.taken_back if ("dropped", place) not in low}
    low = {place for place in low if place[0] != "dropped"}
    gone = sum(split == "train" for split, _place in by_hand | low)
    if gone >= data.count("train") + sum(row.home == "train" for row in back.values()):
        raise InputError(
            "Nothing would be left to learn from.",
            why="Every training row is dropped.",
            fix="Keep some of them.",
            code="data.edit.empty",
        )
    return _Changes(edits, stars, by_hand, low, back)


def _whole(row: DroppedRow, data: Dataset) -> DroppedRow:
    """The row with exactly the columns of the data as it is now."""
    values = {column: row.values.get(column, "") for column in data.info.columns}
    messages = data.info.roles.get("messages")
    if messages is not None and not isinstance(values[messages], list):
        raise _misfit(data, "A dropped row holds no chat.")
    return replace(row, values=values)


def _rows(
    data: Dataset, changes: _Changes, progress: Callable[[int, int], None]
) -> Iterator[tuple[Split, Example, int]]:
    done, total = 0, sum(data.info.counts.values())
    numbers, tested = iter(count(1)), set[int]()
    if changes.back:
        numbers = iter(count(1 + max(row.row for split in SPLITS for row in data.rows(split))))
        tested = {text_hash(row_of(data, row).question) for row in data.rows("test")}
    for split in SPLITS:
        back = [(line, row) for line, row in changes.back.items() if row.home == split]
        for place, line, example in dropped.among(data.rows(split), back, numbers):
            done += 1
            if not done % _ROWS_A_TICK:
                progress(done, total)
            at: _Place = ("dropped", line) if line else (split, place)
            if at in changes.gone:
                changes.left_out.append(_left_out(example, at, changes))
                continue
            changed = _edited(data, example, changes.edits.get(at, []))
            if line:
                _check_taken_back(data, changed, line, tested)
                if changes.back[line].reason not in dropped.BY_A_PERSON:
                    _check_label(data, changed, line, changes.edits.get(at, []))
            if changes.stars:  # each row has the column, so that a table of them is whole
                given = changes.stars.get(at, changed.values.get(RATING, ""))
                changed = changed._replace(values={**changed.values, RATING: str(given)})
            yield split, changed, 1


def _left_out(example: Example, at: _Place, changes: _Changes) -> DroppedRow:
    """A row that goes, as it was; with its rating, should that be why."""
    home: dropped.Home = "validation" if at[0] == "validation" else "train"
    if at in changes.by_hand:
        return DroppedRow("by_hand", example.values, home, example.row)
    return DroppedRow("low", {**example.values, RATING: str(changes.stars[at])}, home, example.row)


def _check_taken_back(data: Dataset, example: Example, line: int, tested: set[int]) -> None:
    """What a row must be to be learnt from again."""
    roles = data.info.roles
    if "messages" in roles:
        empty = [roles["messages"] for item in data.messages(example) if not item["content"].strip()]
    else:
        columns = [roles[role] for role in _NEEDED if role in roles]
        empty = [column for column in columns if not text_of(example.values, column).strip()]
    if empty:
        raise _blank(f"The dropped row {line:,}", empty[0])
    if text_hash(row_of(data, example).question) in tested:
        raise InputError(
            f"The dropped row {line:,} asks what a test row asks.",
            why="Whoever has learnt a test row by heart does well in the test and nowhere else.",
            fix="Leave it out, or write its question anew.",
            code="data.edit.leakage",
        )


def _check_label(data: Dataset, example: Example, line: int, edits: list[RowEdit]) -> None:
    """What a filter dropped must not make its answer a label; a person may, by writing it."""
    column, labels = data.info.roles.get("label"), data.info.labels
    said = data.label(example)
    if not labels or column is None or said in labels or any(edit.column == column for edit in edits):
        return
    shown = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
    some = ", ".join(labels[:_NAMED])
    raise InputError(
        f"The dropped row {line:,} of {data.info.name} cannot be taken back as it is.",
        why=f"Its {column} is {shown!r}, which is none of the data's {len(labels)} labels ({some}"
        f"{', …' if labels[_NAMED:] else ''}).",
        fix=f"Write the right label into its {column}: in the window, or with `--changes FILE`, a table with "
        f"the columns dropped and {column}.",
        code="data.edit.label",
    )


def new_labels(before: DatasetInfo, after: DatasetInfo) -> list[str]:
    """Labels that a version has and the data that it was made from had not."""
    return sorted({*(after.labels or ())} - {*(before.labels or ())})


def _edited(data: Dataset, example: Example, edits: list[RowEdit]) -> Example:
    values: dict[str, Any] = dict(example.values)
    for edit in edits:
        if edit.message is None:
            values[edit.column] = edit.text
            continue
        messages = [dict(item) for item in values[edit.column]]
        if edit.message >= len(messages):
            raise _misfit(data, f"Row {edit.place:,} has no message {edit.message + 1}.")
        messages[edit.message]["content"] = edit.text
        values[edit.column] = messages
    return example._replace(values=values)


def _check(edit: RowEdit, data: Dataset) -> None:
    roles = data.info.roles
    if edit.column not in data.info.columns:
        raise _misfit(data, f"It has no column {edit.column!r}.")
    is_chat = edit.column == roles.get("messages")
    if is_chat and edit.message is None:
        raise _misfit(data, f"{edit.column} holds chats, which are changed message by message.")
    if edit.message is not None and not is_chat:
        raise _misfit(data, f"{edit.column} holds no chats with messages.")
    needed = edit.message is not None or edit.column in [roles.get(role) for role in _NEEDED]
    if needed and not edit.text.strip():
        raise _blank(f"Row {edit.place:,}", edit.column)


def _blank(row: str, column: str) -> InputError:
    return InputError(
        f"{row} would have nothing in {column}.",
        why="A row without a question or an answer teaches nothing.",
        fix="Write something there, or drop the row.",
        code="data.edit.blank",
    )


def _misfit(data: Dataset, why: str) -> InputError:
    return InputError(
        f"A change does not fit {data.info.name}.",
        why=why,
        fix="Read the rows again and repeat the change.",
        code="data.edit.misfit",
    )
