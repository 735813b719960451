"""JSON: a list of objects, alone or under a usual key, read object by object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from core.data import jsontext, limits
from core.data.problem import Problems, Refusal, refuse
from core.data.table import Row, Table

#: Keys under which a file may keep its list.
LISTS = ("examples", "data", "rows", "train", "items", "records", "samples", "instances")
_CHUNK = 1 << 20
_SHAPE = (
    'Write the file as a list of objects: [{"text": "…", "label": "…"}, …], or as one object a line (JSONL).'
)


class _Text:
    """The undecoded rest of the file, refilled as it is used up; counts lines."""

    def __init__(self, file: IO[str], name: str) -> None:
        self._file = file
        self.name = name
        self.text = file.read(_CHUNK)
        self.place = 0
        self.line = 1
        self._counted = 0

    def _fill(self) -> bool:
        """Drops what was used and reads on; doubles what is held, so that long objects cost linear time."""
        self.line = self.line_at(self.place)
        rest = self.text[self.place :]
        more = self._file.read(max(_CHUNK, len(rest)))
        self.text, self.place, self._counted = rest + more, 0, 0
        return bool(more)

    def line_at(self, place: int) -> int:
        """The line of a place not before the last one asked for."""
        self.line += self.text.count("\n", self._counted, place)
        self._counted = max(self._counted, place)
        return self.line

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self.place < len(self.text):
                if self.text[self.place] not in " \t\r\n":
                    return self.text[self.place]
                self.place += 1
            if not self._fill():
                return ""

    def expect(self, characters: str) -> str:
        """Takes one of the characters.

        Raises:
            Refusal: Something else stands there.
        """
        found = self.peek()
        if not found or found not in characters:
            raise self.broken(f"Expecting one of {' '.join(characters)}")
        self.place += 1
        return found

    def broken(self, message: str) -> Refusal:
        """The error for what stands here."""
        line = self.line_at(self.place)
        start = self.text.rfind("\n", 0, self.place)
        return jsontext.broken(
            json.JSONDecodeError(message, self.text, self.place),
            file=self.name,
            line=line,
            place=self.place - start,
        )

    def value(self) -> tuple[Any, str, int]:
        """Takes one whole JSON value: decoded, as text, and its line."""
        self.peek()
        while True:
            line, began = self.line_at(self.place), self.place
            try:
                found, end = jsontext.decode(self.text, self.place, file=self.name, line=line)
                if end < len(self.text) or not self._fill():
                    break
            except json.JSONDecodeError as error:
                if len(self.text) - self.place > limits.RECORD:
                    raise refuse(
                        "data.too_long",
                        self.name,
                        f"An object is broken, or longer than {limits.RECORD:,} characters.",
                        "Split it into smaller examples.",
                        line=line,
                    ) from error
                if not self._fill():
                    at = line + error.doc.count("\n", began, error.pos)  # the held text begins anew now
                    start = error.doc.rfind("\n", 0, error.pos)
                    raise jsontext.broken(error, file=self.name, line=at, place=error.pos - start) from error
        raw = self.text[self.place : end]
        self.place = end
        return found, raw, line


class JsonTable(Table):
    """One JSON document."""

    format = "json"

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(path, encoding)
        if not sum(1 for _row in islice(self.rows(), limits.SAMPLE)):  # `_read` takes the columns along
            raise self._empty()

    def _read(self, problems: Problems) -> Iterator[Row]:
        with self._open_text(newline="\n") as file:
            text = _Text(file, self.path.name)
            text.text = text.text.removeprefix("\ufeff")
            if text.peek() == "[":
                yield from self._list(text)
            else:
                yield from self._document(text)
            if text.peek():
                raise text.broken("Extra data after the end of the list")

    def _document(self, text: _Text) -> Iterator[Row]:
        """Finds the list in `{"version": 1, "examples": […]}`; other keys are read past."""
        text.expect("{")
        found: str | None = None
        if text.peek() == "}":
            raise self._no_list()
        while True:
            key, _raw, line = text.value() if text.peek() == '"' else ("", "", text.line)
            text.expect(":")
            if text.peek() == "[" and key in LISTS:
                if found is not None:
                    raise refuse(
                        "data.json_shape",
                        self.path.name,
                        f"The file has two lists of examples, `{found}` and `{key}`.",
                        "Keep each list in a file of its own.",
                        line=line,
                    )
                found = key
                yield from self._list(text)
            else:
                text.value()
            if text.expect(",}") == "}":
                break
        if found is None:
            raise self._no_list()

    def _no_list(self) -> Refusal:
        return refuse(
            "data.json_shape",
            self.path.name,
            f"The file is one JSON object without a list under {', '.join(LISTS[:3])} or the like.",
            _SHAPE,
        )

    def _list(self, text: _Text) -> Iterator[Row]:
        text.expect("[")
        known = dict.fromkeys(self.columns)
        number = 0
        if text.peek() == "]":
            text.expect("]")
            return
        while True:
            found, raw, line = text.value()
            number += 1
            values = jsontext.row_values(found, raw, file=self.path.name, line=line)
            if values.keys() - known.keys():
                known.update(dict.fromkeys(values))
                if len(known) > limits.COLUMNS:
                    raise self._too_many_columns(len(known), line)
                self.columns = list(known)
            yield Row(number, line, values)
            if text.expect(",]") == "]":
                return
