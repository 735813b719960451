"""Changes of a data set's rows that stand in a table: a row a line, named by its number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data import chat
from core.data.dataset import Dataset
from core.data.dropped import Home
from core.data.editing import RATING
from core.data.reading import open_table
from core.data.table import Row, Value
from core.errors import InputError
from core.specs.editing import EditedSplit, RowEdit, RowPlace, RowRating

#: The columns of the table that name a row: of the data, or of those that were dropped from it.
ROW, DROPPED = "row", "dropped"
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_MOST = 1_000_000


@dataclass(frozen=True)
class Changes:
    """What a table of changes says.

    Attributes:
        edits: Values that are written anew.
        ratings: Stars from its column `rating`.
        taken_back: Lines of dropped rows that it names.
    """

    edits: tuple[RowEdit, ...] = ()
    ratings: tuple[RowRating, ...] = ()
    taken_back: tuple[int, ...] = ()


class Numbers:
    """Where the rows of a data set stand, by the numbers that `data show` gives them.

    Args:
        data: The data set.
    """

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._places: dict[int, list[RowPlace]] = defaultdict(list)
        self._values: dict[tuple[str, int], dict[str, Value]] = {}
        splits: tuple[Home, ...] = ("train", "validation")
        for split in splits:
            for place, example in enumerate(data.rows(split), 1):
                self._places[example.row].append(RowPlace(split=split, place=place))
                self._values[split, place] = example.values

    def places(self, number: int) -> list[RowPlace]:
        """Every line with that number: one, or more where rows were repeated or varied.

        Raises:
            InputError: There is none that may be changed.
        """
        if number in self._places:
            return self._places[number]
        tested = any(row.row == number for row in self._data.rows("test"))
        raise InputError(
            f"Row {number:,} of {self._data.info.name} cannot be changed.",
            why="It is a test row, and those are for measuring." if tested else "There is no such row.",
            fix=f"`slm-workbench data show {self._data.info.name}` gives the rows with their numbers.",
            code="data.edit.row",
        )

    def equal_places(self, number: int) -> list[RowPlace]:
        """The same, where a value is written anew: copies with other words are not meant.

        Raises:
            InputError: There is none, or which one is meant is unclear.
        """
        found = self.places(number)
        first, *others = (self._values[item.split, item.place] for item in found)
        if any(other != first for other in others):
            raise InputError(
                f"Row {number:,} of {self._data.info.name} stands there in {len(found)} different forms.",
                why="Some rows are varied copies of others, and which one is meant is unclear.",
                fix="Change the data set that it was made from, or use the Data page.",
                code="data.edit.row",
            )
        return found

    def value(self, place: RowPlace, column: str) -> Value:
        """What stands there."""
        return self._values[place.split, place.place].get(column, "")


def numbers(text: str) -> list[int]:
    """`3,7,10-12` as numbers.

    Raises:
        InputError: It is written otherwise.
    """
    found: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        said = _RANGE.fullmatch(part)
        first, last = (int(said[1]), int(said[2] or said[1])) if said else (0, 0)
        if not 1 <= first <= last <= _MOST:
            raise InputError(
                f"{part!r} names no rows.",
                why="Rows are numbers from 1.",
                fix="Write for example 3,7 or 10-12.",
                code="usage",
            )
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


def read(path: Path, known: Numbers, columns: Sequence[str], messages: str | None) -> Changes:
    """Reads a table of changes; an empty cell leaves a value as it is.

    Args:
        path: The table, in any format that data is added from.
        known: Where the rows stand.
        columns: What the data set has.
        messages: Its column of chats, if it has one.

    Raises:
        InputError: The table cannot be read, or a line does not fit the data.
    """
    table = open_table(path)
    edits: list[RowEdit] = []
    ratings: list[RowRating] = []
    taken_back: list[int] = []
    for row in table.rows():
        _check_columns(row, columns, path)
        line = _number(row, DROPPED, path)
        number = _number(row, ROW, path)
        if (line is None) == (number is None):
            raise _wrong(path, row, "It names no row.", f"Give the number of a row in a column called {ROW}.")
        if line is not None:
            taken_back.append(line)
            places: Iterable[RowPlace] = (RowPlace(split="dropped", place=line),)
        else:
            assert number is not None
            places = known.equal_places(number)
        for place in places:
            at: dict[str, EditedSplit | int] = {"split": place.split, "place": place.place}
            for column, value in row.values.items():
                if column in (ROW, DROPPED) or not value or (isinstance(value, str) and not value.strip()):
                    continue
                if column == RATING:
                    ratings.append(RowRating.model_validate({**at, "stars": _stars(row, path)}))
                elif column != messages:
                    text = value if isinstance(value, str) else chat.as_text(value)
                    edits.append(RowEdit.model_validate({**at, "column": column, "text": text}))
                elif line is not None:
                    raise _wrong(path, row, "A dropped chat cannot be changed here.", "Use the Data page.")
                else:
                    edits += _chat(value, place, known, column, row, path)
    return Changes(tuple(edits), tuple(ratings), tuple(taken_back))


def _chat(value: Value, place: RowPlace, known: Numbers, column: str, row: Row, path: Path) -> list[RowEdit]:
    """The messages of a chat that read otherwise than before."""
    new = chat.parse(value, ends=None, file=path.name, line=row.line, column=column)
    before = chat.parse(known.value(place, column), ends=None)
    if [item["role"] for item in new] != [item["role"] for item in before]:
        raise _wrong(
            path,
            row,
            "The chat has other turns than the row.",
            "Write the same messages anew, one for each that is there.",
        )
    return [
        RowEdit(split=place.split, place=place.place, column=column, message=at, text=item["content"])
        for at, (item, old) in enumerate(zip(new, before, strict=True))
        if item["content"] != old["content"]
    ]


def _check_columns(row: Row, columns: Sequence[str], path: Path) -> None:
    stranger = next((name for name in row.values if name not in (ROW, DROPPED, RATING, *columns)), None)
    if stranger is not None:
        has = ", ".join(columns)
        raise _wrong(
            path, row, f"The data has no column {stranger!r}.", f"Its columns are {has}; leave out others."
        )


def _number(row: Row, column: str, path: Path) -> int | None:
    said = row.values.get(column, "")
    if isinstance(said, str) and not said.strip():
        return None
    if not isinstance(said, str) or not said.strip().isdecimal() or not int(said):
        raise _wrong(path, row, f"{said!r} is no number of a row.", "Write numbers from 1.")
    return int(said)


def _stars(row: Row, path: Path) -> int:
    said = row.values[RATING]
    if said not in ("1", "2", "3", "4", "5"):
        raise _wrong(path, row, f"{said!r} is no rating.", "Rate from 1, useless, to 5, as it should be.")
    return int(said)


def _wrong(path: Path, row: Row, why: str, fix: str) -> InputError:
    return InputError(
        f"{path.name}, line {row.line}: this change is not clear.", why=why, fix=fix, code="data.edit.file"
    )
