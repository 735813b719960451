"""Whatever text a person writes into a file comes back as it was, in every format."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.data import dataset, reading
from core.specs import ImportDataSpec

#: Any text but NUL and half characters, which are refused.
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
_TRICKY = st.sampled_from(
    [
        "NA",
        "\\u0000",
        "\\ud800",
        "None",
        "null",
        "00123",
        "1.0",
        "TRUE",
        "-",
        "=A1+1",
        "a,b",
        "a;b",
        'say "hi"',
        "a\nb",
        "a\r\nb",
        "\r",
        " a ",
        "<|im_start|>",
        "שלום",
        "😀",
        "\u2028",
        "\ufeff",
        "1e5",
        "",
        "'",
        "\t",
        "|",
    ]
)
_VALUE = st.one_of(_TRICKY, _TEXT)
_ROWS = st.lists(st.tuples(_VALUE, _VALUE), min_size=1, max_size=8)
_FAST = settings(max_examples=60, deadline=None)
#: What XML cannot hold at all.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


def _read(path: Path) -> list[tuple[str, ...]]:
    table = reading.open_table(path)
    assert table.columns == ["text", "label"]
    return [tuple(str(row.values.get(name, "")) for name in ("text", "label")) for row in table.rows()]


def _blank(row: tuple[str, str]) -> bool:
    return not any(row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(("ending", "delimiter"), [("csv", ","), ("csv", ";"), ("csv", "|"), ("tsv", "\t")])
@_FAST
@given(rows=_ROWS)
@example(rows=[("NA", "00123"), ("1.0", "TRUE")])
def test_delimited_text_comes_back(
    encoding: str, ending: str, delimiter: str, rows: list[tuple[str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{ending}")
        with open(path, "w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writerows([("text", "label"), *rows])
        assume(encoding != "utf-8" or not _looks_binary(path))
        assert _read(path) == rows


def _looks_binary(path: Path) -> bool:
    head = path.read_bytes()[:8192]
    return sum(byte < 9 or 13 < byte < 32 for byte in head) > max(3, len(head) * 0.05)


@_FAST
@given(rows=_ROWS)
def test_minimally_quoted_csv_comes_back(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *rows])
        assert _read(path) == rows


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@_FAST
@given(rows=_ROWS)
def test_json_comes_back(ascii_only: bool, encoding: str, rows: list[tuple[str, str]]) -> None:
    objects = [{"text": text, "label": label} for text, label in rows]
    with tempfile.TemporaryDirectory() as folder:
        lines, document, wrapped = (Path(folder, name) for name in ("a.jsonl", "a.json", "b.json"))
        text = [json.dumps(each, ensure_ascii=ascii_only) for each in objects]
        lines.write_bytes("\n".join(text).encode(encoding))
        document.write_bytes(json.dumps(objects, ensure_ascii=ascii_only, indent=1).encode(encoding))
        wrapped.write_bytes(json.dumps({"v": 1, "data": objects}, ensure_ascii=ascii_only).encode(encoding))
        assert _read(lines) == _read(document) == _read(wrapped) == rows


@_FAST
@given(rows=_ROWS)
def test_a_workbook_comes_back(rows: list[tuple[str, str]]) -> None:
    # openpyxl writes a text that begins with `=` as a formula, and \r as it is, which XML reads as \n.
    rows = [
        (a, b) for a, b in rows if not any(_NOT_IN_XML.search(v) or v[:1] == "=" or "\r" in v for v in (a, b))
    ]
    assume(any(not _blank(row) for row in rows))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [("text", "label"), *rows]:
        sheet.append(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.xlsx")
        book.save(path)
        assert _read(path) == [row for row in rows if not _blank(row)]


@_FAST
@given(rows=st.lists(st.tuples(_VALUE, st.sampled_from(["a", "b", "00", "NA"])), min_size=1, max_size=40))
def test_what_a_data_set_keeps_is_what_was_written(rows: list[tuple[str, str]]) -> None:
    assume(any(text.strip() for text, _label in rows))
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "a.csv"), Path(folder, "out")
        out.mkdir()
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
        info = dataset.build(ImportDataSpec(source=str(path), name="x"), out)
        stored = dataset.Dataset(out)
        kept = {
            example.row: (example.values["text"], example.values["label"])
            for split in dataset.SPLITS
            for example in stored.rows(split)
        }
        assert kept == {number: row for number, row in enumerate(rows, 1) if row[0].strip()}
        assert sum(info.counts.values()) + info.split.left_out["empty"] == len(rows)
