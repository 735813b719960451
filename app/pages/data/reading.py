"""What the data page reads from files, in threads."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.data import dropped
from core.data import roles as data_roles
from core.data.check import check
from core.data.dataset import Dataset, DatasetInfo
from core.data.editing import RATING
from core.data.reading import open_table
from core.data.report import CheckReport
from core.errors import CancelledError, InputError
from core.specs.data import TaskChoice
from core.specs.editing import EditedSplit

#: The roles in the order in which a person reads a row.
_AS_READ = ("system", "user", "input", "assistant", "label", "text", "messages")
_SHOWN_ROWS = 50
_SHOWN_CHARACTERS = 400
_HASH_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Preview:
    """The first rows as written, shortened for the screen; and whether they hold questions alone."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    roles: dict[str, str]
    format: str
    asks_only: bool = False


@dataclass(frozen=True)
class Checked:
    """A check, and what the files were when it was made."""

    report: CheckReport
    source_sha256: str
    test_sha256: str


@dataclass(frozen=True)
class Opened:
    """A data set of the workspace and its first rows to learn from."""

    info: DatasetInfo
    preview: Preview


def preview(path: Path, task: TaskChoice = "auto") -> Preview:
    """Opens a file and guesses what its columns are; of plain text, `task` says what a row is.

    Raises:
        InputError: It is no table of examples; says where and why.
    """
    table = open_table(path, task)
    sample = table.sample()
    rows = tuple(
        tuple(_short(data_roles.text_of(row.values, column)) for column in table.columns)
        for row in sample[:_SHOWN_ROWS]
    )
    roles = data_roles.guess(table.columns, sample, task)
    answered = bool({"assistant", "label"} & roles.keys())
    asks_only = not answered and data_roles.asks_only(roles, table.columns, sample)
    return Preview(tuple(table.columns), rows, roles, table.format, asks_only)


def checked(
    path: Path,
    roles: dict[str, str],
    test: Path | None,
    cancelled: threading.Event,
    progress: Callable[[float], None],
    task: TaskChoice = "auto",
    instruction: str = "",
) -> Checked:
    """Reads the whole file; `progress` gets a share from 0 to 1.

    Raises:
        CancelledError: The event was set.
    """

    def watch(done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError("The check was replaced by a newer one.")
        progress(done / total if total else 0.0)

    report = check(path, roles, test, watch, task=task, instruction=instruction)
    if report.refusals:
        return Checked(report, "", "")
    return Checked(report, _digest(path, cancelled), _digest(test, cancelled) if test else "")


def opened(folder: Path) -> Opened:
    """Reads a data set's description and first rows.

    Raises:
        IntegrityError: Its description cannot be read.
    """
    data = Dataset(folder)
    columns = tuple(data.info.columns)
    rows = tuple(
        tuple(_short(data_roles.text_of(row.values, column)) for column in columns)
        for row in islice(data.rows("train"), _SHOWN_ROWS)
    )
    return Opened(data.info, Preview(columns, rows, dict(data.info.roles), ""))


@dataclass(frozen=True)
class FieldAt:
    """A value of a row that can be written anew.

    Attributes:
        column: Its column.
        role: What the column, or in a chat the message, is.
        text: What stands there.
        message: In a chat: which message, from 0.
        choices: The labels of the data, where it is one of them.
    """

    column: str
    role: str
    text: str
    message: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowAt:
    """A row that can be read and changed.

    Attributes:
        split: Where it stands; `dropped` for one that was dropped from the data before.
        place: Its place there, from 1.
        fields: Its values.
        stars: What it was given before; 0 where nothing was.
        why: Why it was dropped, a key of `dropped.WHY`.
        is_learnt: Whether it is, or was, a row to learn from.
    """

    split: EditedSplit
    place: int
    fields: tuple[FieldAt, ...]
    stars: int = 0
    why: str = ""
    is_learnt: bool = True


def rows_at(folder: Path, split: EditedSplit, first: int, count: int) -> list[RowAt]:
    """So many rows of a split from a place on, which counts from 1; only these are taken apart.

    Raises:
        IntegrityError: The description cannot be read.
    """
    data = Dataset(folder)
    with open(folder / f"{split}.jsonl", encoding="utf-8", newline="\n") as file:
        lines = list(islice(file, first - 1, first - 1 + count))
    found = []
    for place, line in enumerate(lines, first):
        values = json.loads(line)["values"]
        fields, stars = _fields(values, data.info), _stars(values)
        found.append(RowAt(split, place, fields, stars, is_learnt=split == "train"))
    return found


def dropped_at(folder: Path, first: int, count: int) -> tuple[list[RowAt], int]:
    """So many of the rows that were dropped and can be taken back, from one on; and how many there are.

    Raises:
        IntegrityError: The description cannot be read.
    """
    info, known = Dataset(folder).info, dropped.read(folder)
    found = [
        RowAt(
            "dropped",
            line,
            _fields(row.values, info),
            _stars(row.values),
            row.reason,
            row.home == "train",
        )
        for line, row in islice(known.items(), first - 1, first - 1 + count)
    ]
    return found, len(known)


def _stars(values: dict[str, Any]) -> int:
    given = str(values.get(RATING, ""))
    return int(given) if given in ("1", "2", "3", "4", "5") else 0


def _fields(values: dict[str, Any], info: DatasetInfo) -> tuple[FieldAt, ...]:
    found: list[FieldAt] = []
    for role, column in sorted(info.roles.items(), key=lambda item: _AS_READ.index(item[0])):
        if role == "messages":
            found += [
                FieldAt(column, item["role"], item["content"], message)
                for message, item in enumerate(values[column])
            ]
        else:
            labels = tuple(info.labels or ()) if role == "label" else ()
            found.append(FieldAt(column, role, data_roles.text_of(values, column), choices=labels))
    return tuple(found)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _digest(path: Path, cancelled: threading.Event) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_HASH_CHUNK_BYTES):
                if cancelled.is_set():
                    raise CancelledError("The check was replaced by a newer one.")
                digest.update(chunk)
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be read.",
            why=str(error),
            fix="Choose the file again.",
            code="data.unreadable",
        ) from error
    return digest.hexdigest()
