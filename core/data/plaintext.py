"""Plain text: questions line by line, or to read on, a book as documents without a lost character.

A document ends at a blank line after about 2,000 characters (some 500 tokens); a paragraph that is much
longer ends at a line's end, a sentence's end or a space. All documents in a row are the file again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from core.data import delimiter, limits
from core.data.problem import Problems
from core.data.table import Row, Table

COLUMN = "text"
#: The column of a file that has a question a line.
QUESTION = "question"
#: Names of files that hold plain text and no table.
SUFFIXES = (".md", ".markdown")
_LENGTH = 2_000
_LONGEST = 8_000
_WORDS = 3
_LONGEST_MESSAGE = 300


class PlainTextTable(Table):
    """A text file as documents, one a row."""

    format = "text"

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(path, encoding)
        self.columns = [COLUMN]

    def _read(self, problems: Problems) -> Iterator[Row]:
        with self._open_text(newline="") as file:
            for number, (line, text) in enumerate(documents(file), 1):
                yield Row(number, line, {COLUMN: text})


class LinesTable(Table):
    """A text file of questions, one a line; blank lines stand for nothing."""

    format = "text"

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(path, encoding)
        self.columns = [QUESTION]

    def _read(self, problems: Problems) -> Iterator[Row]:
        with self._open_text(newline="") as file:
            number = 0
            for line, text in enumerate(file, 1):
                if text.strip():
                    number += 1
                    yield Row(number, line, {QUESTION: text.strip()})


def is_list(sample: Sequence[Row]) -> bool:
    """Whether the first documents look like a list with a message or question a line, and not like prose.

    Prose that is broken into lines ends few of them with a sentence, and most at about the same length.
    """
    texts = [str(row.values.get(COLUMN, "")) for row in sample]
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or max(map(len, lines)) > _LONGEST_MESSAGE:
        return False
    ended = sum(line.endswith((".", "?", "!", "…", "。", "？", "！", "؟")) for line in lines)
    begun = sum(not line[0].islower() for line in lines)
    asked = sum(line.endswith(("?", "？", "؟")) for line in lines)
    return asked > len(lines) / 2 or ended + begun >= 1.5 * len(lines)


def documents(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Documents and the lines they begin at, from 1; joined they are the lines joined."""
    waiting: list[str] = []
    length, start, blank = 0, 1, False
    for line, text in enumerate(lines, 1):
        for piece in _pieces(text):
            written = bool(piece.strip())
            full = length >= _LENGTH and blank
            if written and (full or length + len(piece) > _LONGEST) and "".join(waiting).strip():
                yield start, "".join(waiting)
                waiting, length, start = [], 0, line
            waiting.append(piece)
            length += len(piece)
            blank = not written
    if waiting:
        yield start, "".join(waiting)


def parts(text: str) -> list[str]:
    """One text as documents of sensible length."""
    return [part for _line, part in documents(text.splitlines(keepends=True))]


def _pieces(line: str) -> Iterator[str]:
    """A line, cut after a sentence or a word where it alone would be too long."""
    while len(line) > _LONGEST:
        end = max(line.rfind(mark, _LENGTH, _LONGEST) for mark in (". ", "! ", "? "))
        end = end + 2 if end > 0 else line.rfind(" ", _LENGTH, _LONGEST) + 1
        end = end or _LONGEST
        yield line[:end]
        line = line[end:]
    yield line


def is_table(start: str, whole: bool, known_names: frozenset[str]) -> bool:
    """Whether a text file is a table with a heading after all.

    Args:
        start: Beginning of the file.
        whole: Whether that is all of it.
        known_names: Usual column names in lower case.
    """
    for candidate in delimiter.CANDIDATES:
        rows = _rows(start, whole, candidate)
        if len(rows) < 2 or len(rows[0]) < 2 or not all(cell.strip() for cell in rows[0]):
            continue
        like = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        short = all(len(cell.split()) <= _WORDS for cell in rows[0])
        known = any(cell.strip().casefold() in known_names for cell in rows[0])
        if short and (like >= 0.5 if known else like >= 0.9):
            return True
    return False


def _rows(start: str, whole: bool, candidate: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(start.splitlines(keepends=True), delimiter=candidate):
            if row:
                rows.append(row)
            if len(rows) > limits.SAMPLE:
                return rows
    except csv.Error:
        return rows
    return rows if whole or len(rows) < 2 else rows[:-1]
