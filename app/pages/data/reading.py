"""What the data page reads from files, in threads."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.data import roles as data_roles
from core.data.check import check
from core.data.dataset import Dataset, DatasetInfo
from core.data.reading import open_table
from core.data.report import CheckReport
from core.errors import CancelledError, InputError
from core.specs.data import TaskChoice

_SHOWN_ROWS = 50
_SHOWN_CHARACTERS = 400
_HASH_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Preview:
    """The first rows as written, shortened for the screen."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    roles: dict[str, str]
    format: str


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


def preview(path: Path) -> Preview:
    """Opens a file and guesses what its columns are.

    Raises:
        InputError: It is no table of examples; says where and why.
    """
    table = open_table(path)
    sample = table.sample()
    rows = tuple(
        tuple(_short(data_roles.text_of(row.values, column)) for column in table.columns)
        for row in sample[:_SHOWN_ROWS]
    )
    return Preview(tuple(table.columns), rows, data_roles.guess(table.columns, sample), table.format)


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
