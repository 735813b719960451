"""Parquet files, good and bad."""

from __future__ import annotations

import datetime
import decimal
import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.bad_file import BadFile, raw


def parquet(columns: dict[str, Any], names: list[str] | None = None, **options: Any) -> Callable[[], bytes]:
    """A Parquet file of these columns; `names` replaces their names, twice the same if need be."""

    def make() -> bytes:
        table = pa.table(columns)
        buffer = io.BytesIO()
        pq.write_table(table.rename_columns(names) if names else table, buffer, **options)
        return buffer.getvalue()

    return make


def _typed(value: Any, kind: Any, expected: str, name: str) -> BadFile:
    content = parquet({"text": ["a"], "label": pa.array([value], kind)})
    return BadFile(f"type_{name}.parquet", content, rows=1, first={"text": "a", "label": expected})


_GOOD = parquet({"text": ["How do I pay?", "Where is my card?"], "label": ["pay", "card"]})
_TIME = datetime.datetime(2024, 5, 31, 13, 45)
_CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]

FILES: tuple[BadFile, ...] = (
    BadFile("good.parquet", _GOOD, rows=2, first={"text": "How do I pay?", "label": "pay"}),
    BadFile("good_named.csv", _GOOD, rows=2, why="Parquet under a wrong name"),
    BadFile("cut_end.parquet", lambda: _GOOD()[:-1], "data.parquet"),
    BadFile("cut_footer.parquet", lambda: _GOOD()[:-20], "data.parquet"),
    BadFile("cut_middle.parquet", lambda: _GOOD()[: len(_GOOD()) // 2], "data.parquet"),
    BadFile("no_middle.parquet", lambda: _GOOD()[:40] + _GOOD()[-8:], "data.parquet"),
    BadFile("only_start.parquet", raw(b"PAR1"), "data.parquet"),
    BadFile("two_magics.parquet", raw(b"PAR1PAR1"), "data.parquet"),
    BadFile("huge_footer.parquet", raw(b"PAR1" + b"\xff" * 4 + b"PAR1"), "data.parquet"),
    BadFile("encrypted_footer.parquet", raw(b"PARE" + bytes(40) + b"PARE"), "data.encrypted"),
    BadFile("encrypted_end.parquet", raw(b"PAR1" + bytes(40) + b"PARE"), "data.encrypted"),
    BadFile("zeroes.parquet", raw(bytes(400)), "data.format"),
    BadFile("text_inside.parquet", raw(b"text,label\na,x\n"), rows=1, why="CSV under a wrong name"),
    BadFile("no_columns.parquet", parquet({}), "data.columns"),
    BadFile("no_rows.parquet", parquet({"text": pa.array([], pa.string())}), "data.empty"),
    BadFile("twice.parquet", parquet({"a": ["x"], "b": ["y"]}, ["text", "text"]), "data.columns"),
    BadFile(
        "nameless.parquet", parquet({"": ["0"], "text": ["a"], "label": ["x"]}), rows=1, warning="no name"
    ),
    BadFile("picture.parquet", parquet({"text": ["a", "b"], "label": [b"x", b"\xff"]}), "data.binary", 2),
    BadFile("nul.parquet", parquet({"text": ["a", "b\0"], "label": ["x", "y"]}), "data.nul", 2),
    BadFile(
        "long.parquet",
        lambda: parquet({"text": ["a", "b" * 10_000_001], "label": ["x", "y"]})(),
        "data.too_long",
        2,
    ),
    BadFile("all_null.parquet", parquet({"text": pa.nulls(2), "label": ["x", "y"]}), "data.empty"),
    BadFile("chat.parquet", parquet({"messages": [_CHAT, _CHAT]}), rows=2, first={"messages": _CHAT}),
    BadFile("open_chat.parquet", parquet({"messages": [_CHAT, _CHAT[:1]]}), "data.messages", 2),
    BadFile("strange.parquet", parquet({"alpha": ["a"], "beta": ["b"], "gamma": ["c"]}), "data.roles"),
    *(
        BadFile(f"packed_{name}.parquet", parquet({"text": ["a"], "label": ["x"]}, compression=name), rows=1)
        for name in ("none", "snappy", "gzip", "zstd", "lz4")
    ),
    *(
        BadFile(f"wounded_{place}.parquet", lambda place=place: _wound(place), "data.parquet")
        for place in (-9, -12, -30)
    ),
    _typed(7, pa.int8(), "7", "int8"),
    _typed(2**64 - 1, pa.uint64(), str(2**64 - 1), "uint64"),
    _typed(0.1, pa.float32(), "0.1", "float32"),
    _typed(0.1, pa.float64(), "0.1", "float64"),
    _typed(float("nan"), pa.float64(), "NaN", "nan"),
    _typed(True, pa.bool_(), "true", "bool"),
    _typed(decimal.Decimal("1.50"), pa.decimal128(8, 2), "1.50", "decimal"),
    _typed(datetime.date(2024, 5, 31), pa.date32(), "2024-05-31", "date"),
    _typed(_TIME, pa.timestamp("us"), "2024-05-31 13:45:00", "timestamp"),
    _typed(_TIME, pa.timestamp("ms", "UTC"), "2024-05-31 13:45:00Z", "timestamp_utc"),
    _typed(1, pa.timestamp("ns"), "1970-01-01 00:00:00.000000001", "nanosecond"),
    _typed(90, pa.duration("s"), "90 s", "duration"),
    _typed("NA", pa.large_string(), "NA", "large_string"),
    _typed(b"\xc3\xa9", pa.binary(), "é", "bytes_of_text"),
    _typed("x", pa.dictionary(pa.int8(), pa.string()), "x", "dictionary"),
    _typed([1, 2], pa.list_(pa.int32()), "[1, 2]", "list"),
    _typed({"a": 1.5, "b": None}, pa.struct({"a": pa.float64(), "b": pa.string()}), '{"a": 1.5}', "struct"),
    _typed([("a", 1)], pa.map_(pa.string(), pa.int8()), '{"a": 1}', "map"),
)


def _wound(place: int) -> bytes:
    """A good file with zeroes over its footer."""
    data = bytearray(_GOOD())
    data[place - 60 : place] = bytes(60)
    return bytes(data)
