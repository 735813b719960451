"""JSONL: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.data import jsontext, limits
from core.data.problem import Problems, Refusal
from core.data.table import Row, Table


class JsonLinesTable(Table):
    """A file with one object a line; blank lines are passed over and counted."""

    format = "jsonl"

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(path, encoding)
        seen = False
        for _row in islice(self.rows(Problems(limits.SAMPLE)), limits.SAMPLE):
            seen = True  # `_read` takes the columns along
        if not seen:
            for _row in self.rows():  # raises the first row's own problem
                break
            else:
                raise self._empty()

    def _read(self, problems: Problems) -> Iterator[Row]:
        file_name = self.path.name
        known = dict.fromkeys(self.columns)
        number = 0
        with self._open_text(newline="\n") as file:
            for line, raw in enumerate(file, 1):
                text = raw.strip(" \t\r\n\ufeff")
                if not text:
                    self.blank_lines += 1
                    continue
                number += 1
                try:
                    found, end = jsontext.decode(text, 0, file=file_name, line=line)
                    if end != len(text):
                        raise json.JSONDecodeError("Extra data", text, end)
                    values = jsontext.row_values(found, text, file=file_name, line=line)
                except json.JSONDecodeError as error:
                    problems.add(jsontext.broken(error, file=file_name, line=line, place=error.pos + 1))
                    continue
                except Refusal as refusal:
                    problems.add(refusal)
                    continue
                if values.keys() - known.keys():
                    known.update(dict.fromkeys(values))
                    if len(known) > limits.COLUMNS:
                        raise self._too_many_columns(len(known), line)
                    self.columns = list(known)
                yield Row(number, line, values)
