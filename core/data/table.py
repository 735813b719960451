"""A file of examples as rows of text, whatever its format."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from core.data import limits
from core.data.problem import Problems, Refusal, refuse

#: Text as written; in JSON also a list of objects, which is how chats are written.
Value = str | list[dict[str, Any]]


class Row(NamedTuple):
    """One example.

    Attributes:
        number: Its place among the rows, from 1; the heading is not counted.
        line: Where it begins: line of a text file, row of a sheet.
        values: By column; a JSON object may lack some.
    """

    number: int
    line: int
    values: dict[str, Value]


class Table:
    """An opened file. Rows are read anew from the disk by every call of `rows`.

    Attributes:
        path: The file.
        format: csv, tsv, json, jsonl, xlsx, parquet or text.
        encoding: Name of the codec, or None where the format has its own.
        delimiter: Between the values, or None.
        columns: Names in order; a JSON file may show further ones while it is read.
        warnings: Sentences about how the file was understood.
        blank_lines: Lines without anything in them that were passed over by the last reading.
        bytes: Size of the file.
    """

    format = ""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter: str | None = None
        self.columns: list[str] = []
        self.warnings: list[str] = []
        self.blank_lines = 0
        self.bytes = path.stat().st_size
        self._raw: io.FileIO | None = None

    def rows(self, problems: Problems | None = None) -> Iterator[Row]:
        """Reads the file from its start.

        Args:
            problems: Takes rows that are wrong on their own (ragged, broken JSON); without it one raises.

        Raises:
            Refusal: The file cannot be read on, or `problems` is full.
        """
        self.blank_lines = 0
        number = 0
        try:
            for row in self._read(problems or Problems()):
                number = row.number
                yield row
        except OSError as error:
            raise unreadable(self.path, error) from error
        except UnicodeError as error:
            raise refuse(
                "data.changed",
                self.path.name,
                "The file changed while it was read.",
                "Wait until nothing writes to it, and add it again.",
            ) from error
        finally:
            self._raw = None
        if number > limits.ROWS:
            raise refuse(
                "data.rows",
                self.path.name,
                f"The file has {number:,} rows; {limits.ROWS:,} is the most.",
                "Add a part of it; a small model learns little from more.",
            )

    def sample(self) -> list[Row]:
        """The first rows, for guessing."""
        return list(islice(self.rows(Problems(limits.SAMPLE)), limits.SAMPLE))

    def position(self) -> int:
        """How many bytes of the file the current reading has taken."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed else self.bytes

    def _read(self, problems: Problems) -> Iterator[Row]:
        raise NotImplementedError

    def _open_text(self, newline: str) -> io.TextIOWrapper:
        self._raw = io.FileIO(self.path)
        return io.TextIOWrapper(
            io.BufferedReader(self._raw, 1 << 20), encoding=self.encoding, errors="strict", newline=newline
        )

    def _take_columns(self, names: list[str], line: int | None) -> None:
        """Keeps the heading's names after checking them."""
        if len(names) > limits.COLUMNS:
            raise self._too_many_columns(len(names), line)
        names = [name.removeprefix("\ufeff") for name in names]
        for place, name in enumerate(names):
            if not name.strip():
                names[place] = f"column {place + 1}"
                self.warnings.append(f"Column {place + 1} has no name; it is called `{names[place]}`.")
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise refuse(
                "data.columns",
                self.path.name,
                f"Two columns are called `{twice}`; which one is meant is unclear.",
                "Give each column a name of its own.",
                line=line,
                column=twice,
            )
        self.columns = names

    def _too_many_columns(self, count: int, line: int | None) -> Refusal:
        return refuse(
            "data.columns",
            self.path.name,
            f"There are {count:,} columns; {limits.COLUMNS:,} is the most.",
            "Keep the columns you need. In JSON, use the same keys in every object.",
            line=line,
        )

    def _empty(self) -> Refusal:
        return refuse(
            "data.empty",
            self.path.name,
            "The file has no rows with examples.",
            "Add a heading line and at least one example below it.",
        )

    def _ragged(self, line: int, found: int) -> Refusal:
        return refuse(
            "data.ragged",
            self.path.name,
            f"The row has {found} values, but the heading has {len(self.columns)} columns.",
            "Give the row as many values as the heading; a value that holds the delimiter needs quotes.",
            line=line,
        )

    def _too_long(self, line: int, column: str | None = None) -> Refusal:
        return refuse(
            "data.too_long",
            self.path.name,
            f"A value is longer than {limits.VALUE:,} characters.",
            "Split the text into examples that a model can read.",
            line=line,
            column=column,
        )


def unreadable(path: Path, error: OSError) -> Refusal:
    """The error for a file that the system does not give."""
    return refuse(
        "data.unreadable",
        path.name,
        f"The file cannot be read: {error.strerror or error}.",
        "Check that it exists, that you may read it, and that the disk is connected.",
    )
