"""CSV and TSV: values between delimiters, quoted where they hold one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from core.data import delimiter, limits
from core.data.problem import Problems, Refusal, refuse
from core.data.table import Row, Table

_SAMPLE_CHARACTERS = 1 << 18
_EXCEL_HINT = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_QUOTES = (
    'Close the quote. A quote mark inside a quoted value is written as two (""), in a spreadsheet by itself.'
)


class DelimitedTable(Table):
    """A text table with a heading line.

    Python's `csv` does the splitting in its strict mode: a quote that stays open or closes in the middle of a
    value is an error, not a guess.
    """

    def __init__(self, path: Path, encoding: str, known_names: frozenset[str]) -> None:
        super().__init__(path, encoding)
        csv.field_size_limit(limits.VALUE)
        with self._open_text(newline="") as file:
            sample = file.read(_SAMPLE_CHARACTERS)
            whole = len(sample) < _SAMPLE_CHARACTERS
        hint = _EXCEL_HINT.match(sample.removeprefix("\ufeff"))
        self._hint_lines = 1 if hint else 0
        if hint:
            self.delimiter = hint.group(1)
        else:
            prefer = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
            self.delimiter = delimiter.detect(sample, whole, known_names, file=path.name, prefer=prefer)
        self.format = "tsv" if self.delimiter == "\t" else "csv"
        self._suspicions = 0
        for _row in self.rows(Problems(2)):
            break
        else:
            raise self._empty()

    def _read(self, problems: Problems) -> Iterator[Row]:
        with self._open_text(newline="") as file:
            for _ in range(self._hint_lines):
                file.readline()
            reader = csv.reader(file, delimiter=self.delimiter or ",", strict=True)
            self._read_heading(reader)
            columns, width, number = self.columns, len(self.columns), 0
            skipped = self._hint_lines
            start = reader.line_num
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise self._broken(error, start + 1 + skipped, reader.line_num - start) from error
                line, start = start + 1 + skipped, reader.line_num
                if len(cells) == width:
                    number += 1
                    if start + skipped > line:
                        self._suspect(cells, line)
                    yield Row(number, line, dict(zip(columns, cells, strict=True)))
                elif cells:
                    number += 1
                    problems.add(self._ragged(line, len(cells)))
                else:
                    self.blank_lines += 1

    def _read_heading(self, reader: Iterator[list[str]]) -> None:
        try:
            heading = next((cells for cells in reader if cells), None)
        except csv.Error as error:
            raise self._broken(error, 1 + self._hint_lines, 1) from error
        if heading is None:
            raise self._empty()
        if not self.columns:
            self._take_columns(heading, 1 + self._hint_lines)

    def _suspect(self, cells: list[str], line: int) -> None:
        """A value that spans lines which look like rows may come from a quote closed much too late."""
        for cell in cells:
            inner = cell.splitlines()[1:-1]
            if (
                inner
                and len(cells) > 1
                and all(text.count(self.delimiter or ",") == len(cells) - 1 for text in inner)
            ):
                self._suspicions += 1
                if self._suspicions == 1:
                    self.warnings.append(
                        f"The value that begins at line {line} looks like several rows; check its quotes."
                    )
                return

    def _broken(self, error: csv.Error, line: int, lines: int) -> Refusal:
        """Says where the quote opened that `csv` fell over."""
        message = str(error)
        if "field limit" in message and lines <= 1:
            return self._too_long(line)
        if "new-line character" in message:
            return refuse(
                "data.line_ends",
                self.path.name,
                "The row holds a line end that is neither Windows' nor Unix'.",
                "Save the file again with a spreadsheet program.",
                line=line,
            )
        if "expected after" in message:
            reason = "Text follows the closing quote of a value."
        else:
            reason = "The quote that opens here is never closed."
        return refuse("data.quote", self.path.name, reason, _QUOTES, line=self._opening_line(line))

    def _opening_line(self, line: int) -> int:
        """Line of the last quote that opened in the broken row beginning at `line`."""
        quoted, opened, fresh = False, line, True
        with self._open_text(newline="") as file:
            for number, text in enumerate(file, 1):
                if number < line:
                    continue
                place = 0
                while place < len(text):
                    character = text[place]
                    place += 1
                    if quoted:
                        if character != '"':
                            continue
                        if text[place : place + 1] == '"':
                            place += 1
                            continue
                        quoted = False
                        if text[place : place + 1] not in ("", self.delimiter, "\r", "\n"):
                            return opened
                    elif character == '"' and fresh:
                        quoted, opened = True, number
                    fresh = character == self.delimiter
                fresh = not quoted
                if number - line > limits.RECORD:
                    break
        return opened
