"""Rows that were dropped from a data set, kept beside it so that they can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.data.dataset import Example
from core.data.table import Value
from core.workspace import durable

#: Beside the data set's own files, a JSON object a line.
DROPPED = "dropped.jsonl"
Home = Literal["train", "validation"]

#: Why a row was dropped, as a person reads it. The filters of answers have the names that they have there.
WHY: dict[str, str] = {
    "by_hand": "dropped by hand",
    "low": "rated too low",
    "empty": "the answer is empty",
    "cut": "the answer was cut at the longest length",
    "refusal": "the teacher declined to answer",
    "too_short": "the answer is too short",
    "too_long": "the answer is too long",
    "no_json": "the answer is no JSON object",
    "no_label": "the answer is none of the labels",
    "not_as_labelled": "the answer differs from the data's own",
    "disagreement": "the answers differed too much from each other",
    "judged_low": "judged too low",
    "no_mark": "the judge gave no mark",
    "near_duplicate": "nearly repeats an earlier row",
}
#: The reasons that are a person's.
BY_A_PERSON = ("by_hand", "low")


@dataclass(frozen=True)
class DroppedRow:
    """A row that can be taken back.

    Attributes:
        reason: Why it was dropped, a key of `WHY`.
        values: By column, as a stored row has them.
        home: The split that it belongs to.
        row: Its number in the source; None for a row that never had one.
    """

    reason: str
    values: dict[str, Value]
    home: Home = "train"
    row: int | None = None


def line(row: DroppedRow) -> str:
    """As it is stored."""
    said = {"row": row.row, "split": row.home, "reason": row.reason, "values": row.values}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def read(folder: Path) -> dict[int, DroppedRow]:
    """The rows that can be taken back, by their line in the file, from 1.

    Answers of which nothing but a text was kept are passed over: there is no row around them.
    """
    found = {}
    for place, text in enumerate(_lines(folder), 1):
        said = json.loads(text)
        if said.get("values"):
            home: Home = "validation" if said.get("split") == "validation" else "train"
            found[place] = DroppedRow(said["reason"], said["values"], home, said.get("row"))
    return found


def write(old: Path, taken_back: Iterable[int], dropped: Sequence[DroppedRow], folder: Path) -> None:
    """What a version keeps: what was dropped from the data before and not taken back, and what is new.

    Args:
        old: Folder of the data that it is made from.
        taken_back: Lines of its file that are rows again.
        dropped: Rows that this version leaves out.
        folder: Where it is written.
    """
    gone = set(taken_back)
    kept = [text for place, text in enumerate(_lines(old), 1) if place not in gone]
    if kept or dropped:
        durable.write_text(folder / DROPPED, "".join([*kept, *map(line, dropped)]))


def _lines(folder: Path) -> list[str]:
    path = folder / DROPPED
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="\n") as file:
        return list(file)


def among(
    rows: Iterator[Example], taken_back: Sequence[tuple[int, DroppedRow]], number: Iterator[int]
) -> Iterator[tuple[int, int, Example]]:
    """A split's rows with those that were taken back, in the order of the source.

    Args:
        rows: The split.
        taken_back: Rows of the split, with their lines in the file.
        number: Gives each row without a number one beyond all others.

    Yields:
        The row's place in the split, the line that it was taken back from (0 for none), and the row.
    """
    waiting = [(place, Example(row.row, row.values)) for place, row in taken_back if row.row is not None]
    waiting.sort(key=lambda item: item[1].row)
    new = [(place, row) for place, row in taken_back if row.row is None]
    for place, example in enumerate(rows, 1):
        while waiting and waiting[0][1].row < example.row:
            yield 0, *waiting.pop(0)
        yield place, 0, example
    for line_number, back in waiting:
        yield 0, line_number, back
    for line_number, row in new:
        yield 0, line_number, Example(next(number), row.values)
