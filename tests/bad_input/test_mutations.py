"""Damaged files end in a refusal or in rows, never in another exception."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data import check, reading
from core.data.jsondocument import LISTS
from core.data.report import CheckReport
from core.data.table import Value
from core.errors import WorkbenchError

_ROWS = [(f'Why is {n}, "my" card\nblöcked; again?', "ab"[n % 2]) for n in range(12)]
_PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b";",
    b"\t",
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\ud800",
    b":",
    b"NaN",
    b"<",
    b"PK\x03\x04",
    b"\x80\x04",
    b'""',
    b"null",
    b"[" * 2000,
    b"\xef\xbb\xbf",
    b"sep=;\n",
    b"\x1a",
]


def _delimited(delimiter: str) -> bytes:
    quoted = [
        [f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row] for row in [("text", "label"), *_ROWS]
    ]
    return "\r\n".join(delimiter.join(row) for row in quoted).encode()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [("text", "label"), *_ROWS, (1.5, True)]:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _parquet(packed: str) -> bytes:
    rows = [
        {"text": text, "label": label, "n": n, "m": {"k": [n, None]}} for n, (text, label) in enumerate(_ROWS)
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer, compression=packed, write_page_checksum=True)
    return buffer.getvalue()


_OBJECTS = [{"text": text, "label": label, "n": 1.50, "m": {"k": [1, None]}} for text, label in _ROWS]
_CHATS = [
    {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": label}]}
    for text, label in _ROWS
]
SEEDS: dict[str, bytes] = {
    "a.csv": _delimited(","),
    "a.tsv": _delimited("\t"),
    "semicolon.csv": _delimited(";"),
    "utf16.csv": _delimited(",").decode().encode("utf-16"),
    "a.jsonl": "\n".join(json.dumps(each) for each in _OBJECTS).encode(),
    "a.json": json.dumps(_OBJECTS, indent=1, ensure_ascii=False).encode(),
    "wrapped.json": json.dumps({"data": _OBJECTS}).encode(),
    "chat.jsonl": "\n".join(json.dumps(each) for each in _CHATS).encode(),
    "a.xlsx": _workbook(),
    "a.parquet": _parquet("snappy"),
    "plain.parquet": _parquet("none"),
    "book.txt": ("\n\n".join(f"Kapitel {n}. Es war einmal, für lange. " * 40 for n in range(4))).encode(),
}


def mutated(content: bytes, dice: random.Random) -> bytes:
    """The content with one to four random wounds."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data[place : place + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[place : place + dice.choice((1, 2, 40))]
            case 2:
                data[place:place] = dice.choice(_PIECES)
            case 3:
                data[place : place + 1] = dice.choice(_PIECES)
            case 4:
                del data[place:]
            case _:
                start = dice.randrange(len(data) + 1)
                data[place:place] = data[start : start + dice.randrange(60)]
    return bytes(data)


def require_same(path: Path, report: CheckReport) -> None:
    """What was taken is what another reader finds in the file: no row is missing, no value differs."""
    rows = [row.values for row in reading.open_table(path).rows()]
    text = path.read_bytes().decode(report.encoding) if report.encoding else ""
    if report.format in ("csv", "tsv"):
        cells = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=report.delimiter or ",") if row
        ]
        hint = len(cells) > 1 and cells[0][0].lstrip("\ufeff").lower().startswith("sep=")
        assert [list(row.values()) for row in rows] == cells[1 + hint :]
    elif report.format == "jsonl":
        lines = [line.strip(" \t\r\n\ufeff") for line in text.split("\n")]
        _require_objects(rows, [json.loads(line) for line in lines if line])
    elif report.format == "json":
        found = json.loads(text.lstrip("\ufeff"))
        _require_objects(
            rows, found if isinstance(found, list) else next(found[k] for k in LISTS if k in found)
        )
    elif report.format == "text":
        assert "".join(str(row["text"]) for row in rows) == text
    elif report.format == "parquet":
        table = pq.read_table(path)
        assert len(rows) == table.num_rows
        for name in table.column_names:
            if pa.types.is_string(table.schema.field(name).type):
                assert [row[name] for row in rows] == [value or "" for value in table[name].to_pylist()]


def _require_objects(rows: list[dict[str, Value]], found: list[dict[str, object]]) -> None:
    assert len(rows) == len(found)
    for row, wanted in zip(rows, found, strict=True):
        assert row.keys() == {key for key, value in wanted.items() if value is not None}
        assert all(row[key] == value for key, value in wanted.items() if isinstance(value, str))


def _run(name: str, rounds: int, folder: Path, seed: int) -> tuple[int, int]:
    taken = refused = 0
    dice = random.Random(f"{name} {seed}")
    path = folder / name
    for _ in range(rounds):
        path.write_bytes(mutated(SEEDS[name], dice))
        try:
            report = check.check(path)
        except WorkbenchError:
            refused += 1
            continue
        except Exception:
            (folder / f"broken-{name}").write_bytes(path.read_bytes())
            raise
        taken += report.accepted
        if report.accepted:
            require_same(path, report)
        refused += not report.accepted
        assert all(problem.reason and problem.fix for problem in report.refusals)
    return taken, refused


@pytest.mark.parametrize("name", SEEDS)
def test_mutations_are_taken_or_refused(name: str, tmp_path: Path) -> None:
    taken, refused = _run(name, 60, tmp_path, seed=1)
    assert taken + refused == 60
    assert refused >= 5


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SEEDS)
def test_ten_thousand_mutations_are_taken_or_refused(name: str, tmp_path: Path) -> None:
    taken, refused = _run(name, 900, tmp_path, seed=2)
    print(f"{name}: {taken} taken, {refused} refused")
    assert taken + refused == 900
