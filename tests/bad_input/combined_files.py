"""Bad files made by combining encodings, delimiters and formats with what goes wrong in rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product

from tests.bad_input.bad_file import BadFile, text, workbook

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_LINE_ENDS = {"unix": "\n", "windows": "\r\n"}
#: Cells of the third line, and what comes of them.
_ROWS = {
    "more": (("b", "x", "y"), "data.ragged"),
    "less": (("b",), "data.ragged"),
    "open_quote": (('"b', "x"), "data.quote"),
    "late_quote": (('"b"c', "x"), "data.quote"),
    "fine": (("b", "x"), ""),
}


def _delimited() -> Iterator[BadFile]:
    for encoding, (name, delimiter), (end_name, end), (wrong, (cells, code)) in product(
        _ENCODINGS, _DELIMITERS.items(), _LINE_ENDS.items(), _ROWS.items()
    ):
        if end_name == "windows" and encoding != "utf-8":
            continue
        lines = [("text", "label"), ("a é", "x"), cells, ("c", "y")]
        content = "".join(delimiter.join(line) + end for line in lines)
        yield BadFile(
            f"{encoding}_{name}_{end_name}_{wrong}.csv",
            text(content, encoding),
            code,
            3 if code else None,
            rows=0 if code else 3,
        )


_VALUES = {
    "nan": ('{"text": NaN, "label": "x"}', "data.nan"),
    "twice": ('{"text": "a", "text": "b", "label": "x"}', "data.duplicate_key"),
    "half": ('{"text": "\\ud800", "label": "x"}', "data.surrogate"),
    "nul": ('{"text": "\\u0000", "label": "x"}', "data.nul"),
    "list": ('["a", "x"]', "data.json_row"),
    "number": ("7", "data.json_row"),
    "no_comma": ('{"text": "a" "label": "x"}', "data.json"),
    "bare": ('{text: "a", "label": "x"}', "data.json"),
    "null": ('{"text": "b", "label": "x", "more": null}', ""),
}


def _json() -> Iterator[BadFile]:
    good = json.dumps({"text": "é", "label": "x"}, ensure_ascii=False)
    for encoding, (wrong, (row, code)) in product(("utf-8", "utf-16"), _VALUES.items()):
        for ending, content in (
            ("jsonl", f"{good}\n{row}\n{good}\n"),
            ("json", f"[{good},\n{row},\n{good}]\n"),
        ):
            yield BadFile(
                f"{encoding}_{wrong}.{ending}",
                text(content, encoding),
                code,
                2 if code else None,
                rows=0 if code else 3,
            )


def _workbooks() -> Iterator[BadFile]:
    for before, (wrong, row, code) in product(
        (0, 1, 3), (("more", ["a", "x", "y"], "data.ragged"), ("formula", ["a", "=A1"], "data.formula"))
    ):
        rows = [[]] * before + [["text", "label"], ["b", "y"], row]
        yield BadFile(f"{wrong}_below_{before}.xlsx", workbook(("a", rows)), code, before + 3)


FILES: tuple[BadFile, ...] = (*_delimited(), *_json(), *_workbooks())
