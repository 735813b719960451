"""Opens a file of examples, whatever it is."""

from __future__ import annotations

import json
from pathlib import Path

from core.data import delimiter, encoding, limits, plaintext, signature
from core.data.delimited import DelimitedTable
from core.data.jsondocument import JsonTable
from core.data.jsonlines import JsonLinesTable
from core.data.plaintext import LinesTable, PlainTextTable
from core.data.problem import refuse
from core.data.roles import KNOWN_NAMES
from core.data.table import Row, Table, Value, unreadable
from core.specs.data import TaskChoice

__all__ = ["Row", "Table", "Value", "open_table"]

_HEAD = 1 << 16
_LINES = (".jsonl", ".ndjson")


def open_table(path: Path, task: TaskChoice = "auto") -> Table:
    """Opens a table or a plain text by what is in it; its name's ending only settles ties.

    Args:
        path: The file.
        task: What its rows are for: a plain text of questions has one a line.

    Raises:
        Refusal: It is none of these, is empty, or is damaged; with line and column where they are known.
    """
    try:
        return _open(Path(path), task)
    except OSError as error:
        raise unreadable(Path(path), error) from error


def _open(path: Path, task: TaskChoice) -> Table:
    if path.is_dir():
        raise refuse("data.unreadable", path.name, "This is a folder.", "Choose a file inside it.")
    if path.exists() and not path.is_file():
        raise refuse("data.unreadable", path.name, "This is a device or a pipe.", "Choose an ordinary file.")
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise refuse("data.empty", path.name, "The file is empty.", "Choose a file with examples.")
    container = signature.container(path, head)
    if container == "xlsx":
        from core.data.workbook import WorkbookTable

        return WorkbookTable(path)
    if container == "parquet":
        from core.data.parquet import ParquetTable

        return ParquetTable(path)
    return _open_text(path, task)


def _open_text(path: Path, task: TaskChoice) -> Table:
    found = encoding.detect(path)
    with open(path, encoding=found.name, newline="") as file:
        start = file.read(_HEAD).lstrip(" \t\r\n\ufeff")
        while not start and (more := file.read(_HEAD)):
            start = more.lstrip(" \t\r\n\ufeff")
    if not start:
        raise refuse(
            "data.empty", path.name, "The file holds only blank lines.", "Choose a file with examples."
        )
    kind = _kind(path, start)
    if kind is not JsonTable and found.endless_line is not None:
        raise refuse(
            "data.too_long",
            path.name,
            f"The line is longer than {limits.RECORD:,} characters.",
            "Put each example on a line of its own.",
            line=found.endless_line,
        )
    table: Table
    if kind is PlainTextTable:
        table = (LinesTable if task == "questions" else PlainTextTable)(path, found.name)
    elif kind is DelimitedTable:
        table = DelimitedTable(path, found.name, KNOWN_NAMES)
        assert table.delimiter is not None
        if table.delimiter not in (",", "\t"):
            name = delimiter.NAMES.get(table.delimiter, table.delimiter)
            table.warnings.append(f"The values are separated by a {name}.")
    else:
        table = JsonLinesTable(path, found.name) if kind is JsonLinesTable else JsonTable(path, found.name)
    if found.guessed:
        table.warnings.append(
            f"The file is not UTF-8; it was read as {found.name}, which is a guess. Look at accented letters "
            "in the rows, and save the file as UTF-8 if they are wrong."
        )
    return table


def _kind(path: Path, start: str) -> type[Table]:
    """JSON, JSONL, delimited or plain text, by the first characters that are no white space."""
    suffix = path.suffix.lower()
    if suffix in plaintext.SUFFIXES:
        return PlainTextTable
    if suffix in _LINES:
        return JsonLinesTable
    if start[0] == "[":
        return JsonTable if suffix == ".json" or _looks_like_list(start) else _lines_of(suffix, start)
    if start[0] != "{":
        return JsonTable if suffix == ".json" else _lines_of(suffix, start)
    first, _newline, rest = start.partition("\n")
    try:
        whole = isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        whole = False
    if whole and (rest.lstrip().startswith("{") or suffix != ".json"):
        return JsonLinesTable
    return JsonTable


def _lines_of(suffix: str, start: str) -> type[Table]:
    """A table, or in a text file without columns, documents."""
    if suffix != ".txt" or plaintext.is_table(start, len(start) < _HEAD // 2, KNOWN_NAMES):
        return DelimitedTable
    return PlainTextTable


def _looks_like_list(start: str) -> bool:
    return start[1:].lstrip()[:1] in ("{", "]")
