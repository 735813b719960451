"""Parquet: columns of typed values, each rendered as the text that a person would have written.

Texts come as they are. Whole numbers, decimals and times lose no digit; a float comes as the shortest text
that is the same number (`0.1`, not `0.10000000149011612`). Truth values come as true and false, as in JSON.
An empty cell is an empty text. Lists of objects stay lists, which is how chats are kept; other nested
values come as JSON, without the keys that a row leaves empty. Times with a zone come in UTC, marked with Z.
Bytes that are UTF-8 are text, as some programs write it so; other bytes are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.data import jsontext, limits
from core.data.problem import Problems, Refusal, refuse
from core.data.table import Row, Table, Value

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 256  # a batch's conversion costs 0.1 ms; more rows would only need more memory
_BUFFER_BYTES = 1 << 20
_SAVE = "Save the table again, for example with pandas: df.to_parquet(...), or as JSONL."
_Result = TypeVar("_Result")


class _UnreadableError(ValueError):
    """A value that is no text."""


class ParquetTable(Table):
    """One Parquet file, read in batches of rows."""

    format = "parquet"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._check_ends()
        self._taken = 0
        file = self._guarded(self._open)
        self._rows = int(file.metadata.num_rows)
        if not file.schema_arrow.names:
            raise refuse("data.columns", path.name, "The file has no columns.", _SAVE)
        self._take_columns(list(file.schema_arrow.names), None)
        if not self._rows:
            raise self._empty()
        if self._rows > limits.ROWS:
            raise refuse(
                "data.rows",
                path.name,
                f"The file has {self._rows:,} rows; {limits.ROWS:,} is the most.",
                "Add a part of it; a small model learns little from more.",
            )
        for _row in self.rows(Problems(2)):
            break

    def position(self) -> int:
        """Bytes taken, as the share of the rows."""
        return self.bytes * min(self._taken, self._rows) // max(self._rows, 1)

    def _check_ends(self) -> None:
        """A file that was cut has its beginning but not its end, where the description of all parts lies."""
        with open(self.path, "rb") as file:
            file.seek(max(0, self.bytes - len(MAGIC)))
            end = file.read()
        if end == _ENCRYPTED:
            raise self._encrypted()
        if end != MAGIC or self.bytes < 3 * len(MAGIC):
            raise refuse(
                "data.parquet",
                self.path.name,
                "The Parquet file is cut off: its end is missing.",
                "Copy or download it again.",
            )

    def _encrypted(self) -> Refusal:
        return refuse(
            "data.encrypted",
            self.path.name,
            "The Parquet file is encrypted.",
            "Save it without encryption, and add that file.",
        )

    def _open(self) -> Any:
        return pq.ParquetFile(
            self.path,
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
            page_checksum_verification=True,
        )

    def _guarded(self, work: Callable[[], _Result], line: int | None = None) -> _Result:
        """Runs pyarrow on a foreign file: whatever it raises means that the file is damaged."""
        try:
            return work()
        except (Refusal, FileNotFoundError, PermissionError):
            raise
        except MemoryError as error:
            raise self._damaged(error, line) from error
        except Exception as error:
            if "encrypt" in str(error).lower() or "decrypt" in str(error).lower():
                raise self._encrypted() from error
            raise self._damaged(error, line) from error

    def _damaged(self, error: BaseException, line: int | None) -> Refusal:
        refusal = refuse(
            "data.parquet",
            self.path.name,
            "The Parquet file is damaged, or packed in a way that cannot be read here.",
            _SAVE,
            line=line,
        )
        refusal.details = f"{type(error).__name__}: {error}"[:500]
        return refusal

    def _read(self, problems: Problems) -> Iterator[Row]:
        file = self._guarded(self._open)
        try:
            yield from self._rows_of(file, problems)
        finally:
            file.close()

    def _rows_of(self, file: Any, problems: Problems) -> Iterator[Row]:
        columns = self.columns
        batches = file.iter_batches(batch_size=_batch_rows(file.metadata), use_threads=False)
        number = 0
        while (batch := self._guarded(lambda: next(batches, None), number + 1)) is not None:
            values = self._values(batch, number)
            for place in range(batch.num_rows):
                row: dict[str, Value] = {}
                found: Refusal | None = None
                for name, texts in zip(columns, values, strict=True):
                    text = texts[place]
                    if isinstance(text, Refusal):
                        found = found or text
                    else:
                        row[name] = text
                number += 1
                self._taken = number
                if found is not None:
                    problems.add(found)
                else:
                    yield Row(number, number, row)
        if number != self._rows:
            raise self._damaged(ValueError(f"{number} rows instead of {self._rows}"), number + 1)

    def _values(self, batch: Any, before: int) -> list[list[Value | Refusal]]:
        """The batch's values by column; a value that cannot be kept is the refusal that says so."""
        found: list[list[Value | Refusal]] = []
        for name, array in zip(self.columns, batch.columns, strict=True):
            try:
                values: list[Value | Refusal] = list(_texts(array))
            except (_UnreadableError, UnicodeError, pa.ArrowException):
                values = [self._one(array, place, name, before) for place in range(len(array))]
            for place, value in enumerate(values):
                if isinstance(value, str) and (reason := _unfit(value)):
                    values[place] = refuse(
                        reason[0], self.path.name, reason[1], reason[2], line=before + place + 1, column=name
                    )
            found.append(values)
        return found

    def _one(self, array: Any, place: int, name: str, before: int) -> Value | Refusal:
        try:
            return _texts(array.slice(place, 1))[0]
        except (_UnreadableError, UnicodeError, pa.ArrowException):
            return refuse(
                "data.binary",
                self.path.name,
                "The value is no text; pictures, sounds and other bytes cannot be learnt.",
                "Leave this column out of the file.",
                line=before + place + 1,
                column=name,
            )


def _unfit(text: str) -> tuple[str, str, str] | None:
    """Code, reason and fix when no model can read the text."""
    if "\0" in text:
        return "data.nul", "The text holds a NUL character, which no model can read.", "Remove the character."
    if len(text) > limits.VALUE:
        reason = f"A value is longer than {limits.VALUE:,} characters."
        return "data.too_long", reason, "Split the text into examples that a model can read."
    return None


def _batch_rows(metadata: Any) -> int:
    """So many rows that a batch stays within some megabytes."""
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    average = max(1, unpacked // max(1, metadata.num_rows))
    return int(min(_BATCH_ROWS, max(1, _BATCH_BYTES // average)))


def _texts(array: Any) -> list[Value]:
    """An Arrow array as values.

    Raises:
        _UnreadableError: One of them is no text.
        UnicodeError: One is no UTF-8.
    """
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(array.storage)
    if pa.types.is_dictionary(kind):
        return _texts(array.dictionary_decode())
    plain = _scalars(array)
    if plain is not None:
        return ["" if value is None else str(value) for value in plain]
    values: list[Value] = []
    for value in array.to_pylist():
        tree = _tree(value, kind)
        if tree is None:
            values.append("")
        elif isinstance(tree, list) and tree and all(isinstance(item, dict) for item in tree):
            values.append(tree)
        else:
            values.append(jsontext.as_text(tree))
    return values


def _scalars(array: Any) -> list[Any] | None:
    """The values of a flat array as text, None where there is none; None when the array is nested."""
    kind, types = array.type, pa.types
    if types.is_nested(kind):
        return None
    if types.is_null(kind):
        return [None] * len(array)
    if types.is_boolean(kind):
        return [None if value is None else "true" if value else "false" for value in array.to_pylist()]
    if types.is_floating(kind):
        return _floats(array)
    if types.is_decimal(kind):
        return [None if value is None else f"{value:f}" for value in array.to_pylist()]
    if types.is_timestamp(kind):
        mark = "Z" if kind.tz else ""
        written = pc.cast(pc.cast(array, pa.timestamp(kind.unit)), pa.string()).to_pylist()
        return [None if value is None else _shortest_time(value) + mark for value in written]
    if types.is_time(kind):
        written = pc.cast(array, pa.string()).to_pylist()
        return [None if value is None else _shortest_time(value) for value in written]
    if types.is_duration(kind):
        counts = pc.cast(array, pa.int64()).to_pylist()
        return [None if value is None else f"{value} {kind.unit}" for value in counts]
    values: list[Any] = array.to_pylist()
    return [_bytes_as_text(value) if isinstance(value, bytes) else value for value in values]


def _floats(array: Any) -> list[Any]:
    """The shortest text of each number in the array's own precision."""
    numbers = pc.fill_null(array, pa.scalar(0.0, array.type)).to_numpy(zero_copy_only=False)
    return [
        None if missing else _float_text(number)
        for number, missing in zip(numbers, array.is_null().to_pylist(), strict=True)
    ]


def _float_text(number: Any) -> str:
    text = str(number)
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def _shortest_time(text: str) -> str:
    """`13:45:00.000000` as `13:45:00`; digits that say something stay."""
    head, dot, digits = text.partition(".")
    digits = digits.rstrip("0")
    return f"{head}{dot}{digits}" if digits else head


def _bytes_as_text(value: bytes) -> str:
    """Bytes that some programs write instead of text.

    Raises:
        _UnreadableError: They are no UTF-8.
    """
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _UnreadableError(str(error)) from error


def _tree(value: Any, kind: Any) -> Any:
    """A nested value as JSON can hold it: numbers as written, no empty keys."""
    types = pa.types
    if value is None:
        return None
    if isinstance(kind, pa.BaseExtensionType):
        return _tree(value, kind.storage_type)
    if types.is_dictionary(kind):
        return _tree(value, kind.value_type)
    if types.is_struct(kind):
        fields = {kind.field(place).name: kind.field(place).type for place in range(kind.num_fields)}
        if len(fields) < kind.num_fields:
            raise _UnreadableError("an object has a key twice")
        made = {name: _tree(value.get(name), inner) for name, inner in fields.items()}
        return {name: inner for name, inner in made.items() if inner is not None}
    if types.is_map(kind):
        pairs = [(_tree(key, kind.key_type), _tree(item, kind.item_type)) for key, item in value]
        if len({str(key) for key, _item in pairs}) < len(pairs):
            raise _UnreadableError("an object has a key twice")
        return {str(key): item for key, item in pairs}
    if types.is_nested(kind):
        return [_tree(item, kind.value_type) for item in value]
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return value
    text = _scalars(pa.array([value], kind))
    assert text is not None
    if types.is_integer(kind) or types.is_decimal(kind) or (types.is_floating(kind) and value - value == 0):
        return jsontext.Number(text[0])
    return str(text[0])
