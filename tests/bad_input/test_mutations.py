"""Damaged files end in a refusal or in rows, never in another exception."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import openpyxl
import pytest

from core.data import check
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
        refused += not report.accepted
        assert all(problem.reason and problem.fix for problem in report.refusals)
    return taken, refused


@pytest.mark.parametrize("name", SEEDS)
def test_mutations_are_taken_or_refused(name: str, tmp_path: Path) -> None:
    taken, refused = _run(name, 120, tmp_path, seed=1)
    assert taken + refused == 120
    assert refused > 10


@pytest.mark.campaign
@pytest.mark.parametrize("name", SEEDS)
def test_ten_thousand_mutations_are_taken_or_refused(name: str, tmp_path: Path) -> None:
    assert sum(_run(name, 1200, tmp_path, seed=2)) == 1200
