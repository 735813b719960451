"""Bad data files made in code, each with what must come of it: a refusal's code and line, or rows."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openpyxl

_LONG = 10_000_100


@dataclass(frozen=True)
class BadFile:
    """A file and what must come of it.

    Attributes:
        name: Its name; the ending counts.
        content: Its bytes, made when the test runs.
        code: Code of the refusal; empty when the file is taken.
        line: Line of the refusal.
        rows: Rows when the file is taken.
        warning: A piece of a warning that must be said.
        first: Values of the first row when the file is taken.
        roles: Given by the person.
        why: Which test this is, where the name does not say it.
    """

    name: str
    content: Callable[[], bytes]
    code: str = ""
    line: int | None = None
    rows: int = 0
    warning: str = ""
    first: dict[str, Any] | None = None
    roles: dict[str, str] | None = None
    why: str = ""


def _text(text: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: text.encode(encoding)


def _raw(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def workbook(
    *sheets: tuple[str, list[list[Any]]], formats: dict[str, str] | None = None
) -> Callable[[], bytes]:
    """An XLSX file with the sheets' rows; `formats` gives cells of the first sheet a number format."""

    def make() -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        for cell, number_format in (formats or {}).items():
            book.worksheets[0][cell].number_format = number_format
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    return make


def _zip(parts: dict[str, bytes]) -> Callable[[], bytes]:
    def make() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    return make


def _bomb() -> bytes:
    buffer = io.BytesIO(workbook(("a", [["text", "label"], ["x", "y"]]))())
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/big.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(600):
            part.write(bytes(1_000_000))
    return buffer.getvalue()


def _billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE sst [<!ENTITY l0 "lol">{entities}]>'
    return by_excel(["text", "label", "&l11;", "x"], "<row><c t='s'><v>0</v></c></row>", doctype)()


def by_excel(strings: list[str], rows: str, doctype: str = "") -> Callable[[], bytes]:
    """A workbook with shared strings, as Excel writes it; openpyxl writes them into the cells.

    Args:
        strings: Inner XML of the strings' texts.
        rows: XML of the sheet's rows.
        doctype: Goes before the strings.
    """
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    items = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in strings)
    parts = {
        "[Content_Types].xml": f'''<Types xmlns="{package}/content-types">
            <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
            <Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>
            <Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>
            <Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>''',
        "_rels/.rels": f'''<Relationships xmlns="{package}/relationships">
            <Relationship Id="r1" Type="{office}/officeDocument"
            Target="xl/workbook.xml"/></Relationships>''',
        "xl/workbook.xml": f'''<workbook xmlns="{main}" xmlns:r="{office}"><sheets>
            <sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>''',
        "xl/_rels/workbook.xml.rels": f'''<Relationships xmlns="{package}/relationships">
            <Relationship Id="r1" Type="{office}/worksheet"
            Target="worksheets/sheet1.xml"/>
            <Relationship Id="r2" Type="{office}/sharedStrings"
            Target="sharedStrings.xml"/></Relationships>''',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<?xml version="1.0"?>{doctype}<sst xmlns="{main}">{items}</sst>',
    }
    return _zip({name: text.encode() for name, text in parts.items()})


def _chat(*messages: tuple[str, Any]) -> str:
    return json.dumps({"messages": [{"role": role, "content": content} for role, content in messages]})


_GOOD = "text,label\nHow do I pay?,pay\nWhere is my card?,card\n"
_FIRST = {"text": "How do I pay?", "label": "pay"}
_CHAT = _chat(("user", "Hi"), ("assistant", "Hello"))

FILES: tuple[BadFile, ...] = (
    # --- encodings ---
    BadFile("utf8_bom.csv", _raw(codecs.BOM_UTF8 + _GOOD.encode()), rows=2, first=_FIRST),
    BadFile("two_boms.csv", _raw(codecs.BOM_UTF8 * 2 + _GOOD.encode()), rows=2, first=_FIRST),
    BadFile("utf16_le.csv", _text(_GOOD, "utf-16"), rows=2, first=_FIRST),
    BadFile("utf16_be_bom.csv", _raw(codecs.BOM_UTF16_BE + _GOOD.encode("utf-16-be")), rows=2, first=_FIRST),
    BadFile("utf16_no_bom.csv", _text(_GOOD, "utf-16-le"), rows=2, first=_FIRST),
    BadFile("utf16_be_no_bom.csv", _text(_GOOD, "utf-16-be"), rows=2, first=_FIRST),
    BadFile("utf32.csv", _text(_GOOD, "utf-32"), rows=2, first=_FIRST),
    BadFile(
        "utf16.jsonl",
        _text('{"text": "a", "label": "b"}\n', "utf-16"),
        rows=1,
        first={"text": "a", "label": "b"},
    ),
    BadFile("utf16_odd_length.csv", _raw(_GOOD.encode("utf-16") + b"x"), "data.encoding", 4),
    BadFile("utf16_half_pair.csv", _raw(_GOOD.encode("utf-16") + b"\x00\xd8a\x00"), "data.encoding", 4),
    BadFile(
        "latin1.csv",
        _text("text,label\nWo ist der Schlüssel für die Tür?,a\nGrüße aus Köln,b\n", "latin-1"),
        rows=2,
        warning="not UTF-8",
        first={"text": "Wo ist der Schlüssel für die Tür?", "label": "a"},
    ),
    BadFile(
        "cp1252_one_accent.csv",
        _text("text,label\nIs the café open?,a\nNo,b\n", "cp1252"),
        rows=2,
        warning="not UTF-8",
        first={"text": "Is the café open?", "label": "a"},
    ),
    BadFile(
        "cp1251.csv",
        _text("text,label\n" + "Где моя карта, когда она придёт?".replace(",", "") + ",a\n", "cp1251"),
        rows=1,
        warning="not UTF-8",
        first={"text": "Где моя карта когда она придёт?", "label": "a"},
    ),
    BadFile(
        "utf8_one_bad_byte.csv", _raw("text,label\nGrüße,a\nKöln ".encode() + b"\xff,b\n"), "data.encoding", 3
    ),
    BadFile("utf8_cut.csv", _raw("text,label\nGrüße,a\nKölnü".encode()[:-1]), "data.encoding", 3),
    BadFile(
        "utf8_cut.jsonl", _raw('{"text": "é", "label": "é"}\n{"text": "é'.encode()[:-1]), "data.encoding", 2
    ),
    BadFile(
        "encoded_surrogate.csv", _raw("text,label\né,a\n".encode() + b"\xed\xa0\x80,b\n"), "data.encoding", 3
    ),
    # --- empty and almost empty ---
    BadFile("nothing.csv", _raw(b""), "data.empty"),
    BadFile("nothing.jsonl", _raw(b""), "data.empty"),
    BadFile("only_bom.csv", _raw(codecs.BOM_UTF8), "data.empty"),
    BadFile("only_utf16_bom.csv", _raw(codecs.BOM_UTF16_LE), "data.empty"),
    BadFile("blank_lines.csv", _raw(b"\n\n  \n\r\n"), "data.empty"),
    BadFile("blank_lines.jsonl", _raw(b"\n\n"), "data.empty"),
    BadFile("header_only.csv", _raw(b"text,label\n"), "data.empty"),
    BadFile("header_no_newline.csv", _raw(b"text,label"), "data.empty"),
    BadFile("empty_list.json", _raw(b"[]"), "data.empty"),
    BadFile("empty_examples.json", _raw(b'{"examples": []}'), "data.empty"),
    BadFile("empty_workbook.xlsx", workbook(("a", [])), "data.empty"),
    BadFile("header_only.xlsx", workbook(("a", [["text", "label"]])), "data.empty"),
    BadFile("all_values_empty.csv", _raw(b"text,label\n,\n,\n"), "data.empty"),
    # --- rows ---
    BadFile("ragged_more.csv", _raw(b"text,label\na,x\nb,x,y\n"), "data.ragged", 3),
    BadFile("ragged_less.csv", _raw(b"text,label\na,x\nb\n"), "data.ragged", 3),
    BadFile("ragged_comma_in_text.csv", _raw(b"text,label\nHello, you,x\nbye,y\n"), "data.ragged", 2),
    BadFile("ragged_after_multiline.csv", _raw(b'text,label\n"a\nb\nc",x\nd,x,y\n'), "data.ragged", 5),
    BadFile("ragged.tsv", _raw(b"text\tlabel\na\tx\nb\tx\ty\n"), "data.ragged", 3),
    BadFile("ragged_old_mac.csv", _raw(b"text,label\ra,x\rb,x,y\r"), "data.ragged", 3),
    BadFile(
        "ragged.xlsx", workbook(("a", [["text", "label"], ["a", "x"], ["b", "x", "y"]])), "data.ragged", 3
    ),
    BadFile("old_mac.csv", _raw(b"text,label\ra,x\rb,y\r"), rows=2, first={"text": "a", "label": "x"}),
    BadFile(
        "windows.csv", _raw(b"text,label\r\na,x\r\n\r\nb,y\r\n"), rows=2, first={"text": "a", "label": "x"}
    ),
    BadFile("no_last_newline.csv", _raw(b"text,label\na,x\nb,y"), rows=2),
    BadFile(
        "quoted_newline.csv",
        _raw(b'text,label\n"a\r\nb",x\n'),
        rows=1,
        first={"text": "a\r\nb", "label": "x"},
    ),
    BadFile(
        "line_separator.csv",
        _text("text,label\na\u2028b\x85c,x\n"),
        rows=1,
        first={"text": "a\u2028b\x85c", "label": "x"},
    ),
    BadFile(
        "line_separator.jsonl",
        _text('{"text": "a\u2028b", "label": "x"}\n'),
        rows=1,
        first={"text": "a\u2028b", "label": "x"},
    ),
    # --- quotes ---
    BadFile("open_quote.csv", _raw(b'text,label\na,x\n"b,x\nc,y\nd,y\n'), "data.quote", 3),
    BadFile("open_quote_last.csv", _raw(b'text,label\na,"x\n'), "data.quote", 2),
    BadFile("open_quote_then_quote.csv", _raw(b'text,label\n"a,x\nb,"y"\n'), "data.quote", 2),
    BadFile("open_quote_second_value.csv", _raw(b'text,label\n"a\nb","x\nc,y\n'), "data.quote", 3),
    BadFile("text_after_quote.csv", _raw(b'text,label\n"a" b,x\n'), "data.quote", 2),
    BadFile("open_quote_header.csv", _raw(b'"text,label\na,x\n'), "data.quote", 1),
    BadFile(
        "inch_mark.csv", _raw(b'text,label\na 5" pipe,x\n'), rows=1, first={"text": 'a 5" pipe', "label": "x"}
    ),
    BadFile(
        "quote_closed_late.csv",
        _raw(b'text,label\n"a,x\nb,y\nc,y\nd",z\n'),
        rows=1,
        warning="check its quotes",
        why="cannot be told from a real value over lines, so it is said",
    ),
    # --- columns and delimiters ---
    BadFile(
        "semicolon.csv",
        _raw(b"text;label\nHello, you;x\nbye;y\n"),
        rows=2,
        first={"text": "Hello, you", "label": "x"},
    ),
    BadFile(
        "pipe.txt", _raw(b"text|label\nHello, you|x\n"), rows=1, first={"text": "Hello, you", "label": "x"}
    ),
    BadFile(
        "tab.csv", _raw(b"text\tlabel\nHello, you\tx\n"), rows=1, first={"text": "Hello, you", "label": "x"}
    ),
    BadFile("comma.tsv", _raw(b"text,label\nHello,x\n"), rows=1, first={"text": "Hello", "label": "x"}),
    BadFile(
        "excel_sep.csv", _raw(b"sep=;\ntext;label\na,b;x\n"), rows=1, first={"text": "a,b", "label": "x"}
    ),
    BadFile("two_delimiters.csv", _raw(b"a;b,c;d\n1;2,3;4\n5;6,7;8\n"), "data.delimiter", 1),
    BadFile("duplicate_columns.csv", _raw(b"text,label,text\na,x,b\n"), "data.columns", 1),
    BadFile("duplicate_columns.xlsx", workbook(("a", [["text", "text"], ["a", "x"]])), "data.columns", 1),
    BadFile("unnamed_index.csv", _raw(b",text,label\n0,a,x\n"), rows=1, warning="has no name"),
    BadFile(
        "many_columns.csv", _raw(b",".join(b"c%d" % n for n in range(50_000)) + b"\n1\n"), "data.columns", 1
    ),
    BadFile(
        "no_header.csv",
        _raw(b"How do I pay?,pay\nWhere is it?,card\nAnd now?,pay\nWhy?,pay\n"),
        "data.header",
        1,
    ),
    BadFile(
        "no_header_labels.csv",
        _raw(b"how to pay,pay\nwhere is it,card\nand now,pay\nwhy,pay\nx,pay\n"),
        "data.header",
        1,
    ),
    BadFile("one_column.csv", _raw(b"question\nhello\nbye\n"), "data.roles"),
    BadFile("strange_columns.csv", _raw(b"alpha,beta,gamma\na,b,c\n"), "data.roles"),
    BadFile(
        "missing_column.csv", _raw(_GOOD.encode()), "data.columns", roles={"user": "text", "label": "class"}
    ),
    BadFile("same_column.csv", _raw(_GOOD.encode()), "data.roles", roles={"user": "text", "label": "text"}),
    BadFile("only_user.csv", _raw(_GOOD.encode()), "data.roles", roles={"user": "text"}),
    BadFile("unknown_role.csv", _raw(_GOOD.encode()), "data.roles", roles={"user": "text", "boss": "label"}),
    BadFile("role_other_case.csv", _raw(_GOOD.encode()), rows=2, roles={"user": "Text", "label": " LABEL"}),
    # --- values ---
    BadFile(
        "na.csv", _raw(b"text,label\nNA,None\n00123,1.0\n"), rows=2, first={"text": "NA", "label": "None"}
    ),
    BadFile("nul.csv", _raw(b"text,label\na\0b,x\n"), "data.nul", 2),
    BadFile("nul_far.csv", _raw(b"text,label\n" + b"aaaa,x\n" * 200_000 + b"b\0,x\n"), "data.nul", 200_002),
    BadFile("nul_escape.jsonl", _raw(b'{"text": "a\\u0000", "label": "x"}\n'), "data.nul", 1),
    BadFile("long_value.csv", lambda: b"text,label\na,x\n" + b"b" * _LONG + b",y\n", "data.too_long", 3),
    BadFile(
        "long_value.jsonl", lambda: b'{"text": "' + b"b" * _LONG + b'", "label": "x"}\n', "data.too_long", 1
    ),
    BadFile(
        "long_value.json", lambda: b'[{"text": "' + b"b" * _LONG + b'", "label": "x"}]', "data.too_long", 1
    ),
    BadFile("long_line.csv", lambda: b"text,label\na,x\n" + b"b" * 20_000_000, "data.too_long", 3),
    BadFile("long_line.jsonl", lambda: b'{"a": "b"}\n{"text": "' + b"b" * 20_000_000, "data.too_long", 2),
    BadFile("long_quote.csv", lambda: b'text,label\na,x\n"b,' + b"c\nd," * 5_000_000, "data.quote", 3),
    BadFile(
        "many_labels.csv",
        lambda: b"text,label\n" + b"".join(b"t,l%d\n" % n for n in range(10_001)),
        "data.labels",
        10_002,
        roles={"user": "text", "label": "label"},
    ),
    # --- JSON ---
    BadFile("broken.jsonl", _raw(b'{"text": "a", "label": "x"}\n{"text": "b", "label": }\n'), "data.json", 2),
    BadFile("cut.jsonl", _raw(b'{"text": "a", "label": "x"}\n{"text": "b", "la'), "data.json", 2),
    BadFile("single_quotes.jsonl", _raw(b"{'text': 'a', 'label': 'x'}\n"), "data.json", 1),
    BadFile(
        "two_in_a_line.jsonl",
        _raw(b'{"text": "a", "label": "x"} {"text": "b", "label": "y"}\n'),
        "data.json",
        1,
    ),
    BadFile("raw_tab.jsonl", _raw(b'{"text": "a\tb", "label": "x"}\n'), "data.json", 1),
    BadFile("array_row.jsonl", _raw(b'["a", "x"]\n'), "data.json_row", 1),
    BadFile("text_row.jsonl", _raw(b'{"text": "a", "label": "x"}\n"b"\n'), "data.json_row", 2),
    BadFile(
        "duplicate_key.jsonl", _raw(b'{"text": "a", "label": "x", "text": "b"}\n'), "data.duplicate_key", 1
    ),
    BadFile(
        "duplicate_key_below.json",
        _raw(b'[{"text": "a",\n "label": "x",\n "m": {"k": 1, "k": 2}}]'),
        "data.duplicate_key",
        1,
    ),
    BadFile("nan.jsonl", _raw(b'{"text": "a", "label": NaN}\n'), "data.nan", 1),
    BadFile(
        "infinity.json",
        _raw(b'[{"text": "a", "label": "x"},\n{"text": "a", "label": -Infinity}]'),
        "data.nan",
        2,
    ),
    BadFile(
        "surrogate.jsonl",
        _raw(b'{"text": "a", "label": "x"}\n{"text": "\\ud800", "label": "x"}\n'),
        "data.surrogate",
        2,
    ),
    BadFile("surrogate.json", _raw(b'[\n{"text": "\\uDFFF", "label": "x"}]'), "data.surrogate", 2),
    BadFile(
        "surrogate_pair.jsonl",
        _raw(b'{"text": "\\ud83d\\ude00", "label": "x"}\n'),
        rows=1,
        first={"text": "😀", "label": "x"},
    ),
    BadFile("deep.jsonl", lambda: b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", "data.deep", 1),
    BadFile("deep.json", lambda: b'[{"text": ' + b'{"a":' * 200_000, "data.deep", 1),
    BadFile(
        "deep_below_the_stack.jsonl",
        lambda: b'{"text": ' + b"[" * 500 + b"]" * 500 + b', "label": "x"}\n',
        "data.deep",
        1,
    ),
    BadFile(
        "huge_number.jsonl",
        _raw(b'{"text": ' + b"9" * 5000 + b', "label": 1e999}\n'),
        rows=1,
        first={"text": "9" * 5000, "label": "1e999"},
    ),
    BadFile(
        "literals.jsonl",
        _raw(b'{"text": 1.0, "label": true, "n": null, "o": {"a": 1.50}}\n'),
        rows=1,
        first={"text": "1.0", "label": "true", "o": '{"a": 1.50}'},
    ),
    BadFile("missing_bracket.json", _raw(b'[{"text": "a", "label": "x"}\n'), "data.json", 2),
    BadFile("trailing_comma.json", _raw(b'[{"text": "a", "label": "x"},\n]'), "data.json", 2),
    BadFile("extra.json", _raw(b'[{"text": "a", "label": "x"}]\n]'), "data.json", 2),
    BadFile("no_list.json", _raw(b'{"version": 1, "text": "a"}'), "data.json_shape"),
    BadFile(
        "two_lists.json",
        _raw(b'{"data": [{"text": "a", "label": "x"}],\n"rows": [{"text": "a"}]}'),
        "data.json_shape",
        2,
    ),
    BadFile("numbers.json", _raw(b"[1, 2, 3]"), "data.json_row", 1),
    BadFile("columns_of_lists.json", _raw(b'{"text": ["a", "b"], "label": ["x", "y"]}'), "data.json_shape"),
    BadFile(
        "examples.json",
        _raw(b'{"version": 1.0, "examples": [{"text": "a", "label": "x"}], "note": "n"}'),
        rows=1,
    ),
    BadFile(
        "lines.json",
        _raw(b'{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n'),
        rows=2,
        why="JSONL under a wrong name",
    ),
    BadFile("list.txt", _raw(b'[{"text": "a", "label": "x"}]'), rows=1, why="JSON under a wrong name"),
    BadFile(
        "unlike_keys.jsonl",
        lambda: b"".join(b'{"k%d": "v"}\n' % n for n in range(5000)),
        "data.columns",
        4097,
        roles={"user": "k0", "label": "k1"},
    ),
    # --- chats ---
    BadFile("chat.jsonl", _raw(_CHAT.encode()), rows=1),
    BadFile(
        "chat_role.jsonl",
        _raw((_CHAT + "\n" + _chat(("user", "a"), ("tool", "b"))).encode()),
        "data.messages",
        2,
    ),
    BadFile(
        "chat_open.jsonl",
        _raw(_chat(("user", "a"), ("assistant", "b"), ("user", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile(
        "chat_twice.jsonl",
        _raw(_chat(("user", "a"), ("user", "b"), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile("chat_answer_first.jsonl", _raw(_chat(("assistant", "a")).encode()), "data.messages", 1),
    BadFile(
        "chat_late_system.jsonl",
        _raw(_chat(("user", "a"), ("system", "b"), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile(
        "chat_picture.jsonl",
        _raw(_chat(("user", [{"type": "image"}]), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile("chat_number.jsonl", _raw(_chat(("user", 7), ("assistant", "c")).encode()), "data.messages", 1),
    BadFile("chat_null.jsonl", _raw(_chat(("user", None), ("assistant", "c")).encode()), "data.messages", 1),
    # --- other kinds of files ---
    BadFile("old.xls", _raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "data.format"),
    BadFile("archive.csv", _zip({"a.csv": b"text,label\n"}), "data.format"),
    BadFile("document.csv", _zip({"word/document.xml": b"<a/>"}), "data.format"),
    BadFile("open.ods", _zip({"content.xml": b"<a/>"}), "data.format"),
    BadFile("binary.xlsb", _zip({"xl/workbook.bin": b"x"}), "data.format"),
    BadFile("model.pt", _zip({"model/data.pkl": b"x"}), "data.format"),
    BadFile("paper.csv", _raw(b"%PDF-1.7\n..."), "data.format"),
    BadFile("picture.csv", _raw(b"\x89PNG\r\n\x1a\n" + bytes(50)), "data.format"),
    BadFile("table.parquet", _raw(b"PAR1" + bytes(50) + b"PAR1"), "data.parquet"),
    BadFile("rows.pkl", lambda: pickle.dumps([{"text": "a"}]), "data.format"),
    BadFile("rows.csv.gz", lambda: gzip.compress(_GOOD.encode()), "data.format"),
    BadFile("page.csv", _raw(b"<!DOCTYPE html><html></html>"), "data.format"),
    BadFile("base.csv", _raw(b"SQLite format 3\x00" + bytes(80)), "data.format"),
    BadFile("model.gguf", _raw(b"GGUF" + bytes(80)), "data.format"),
    BadFile("noise.csv", _raw(bytes(range(256)) * 4), "data.format"),
    # --- workbooks ---
    BadFile("cut.xlsx", lambda: workbook(("a", [["text", "label"], ["a", "x"]]))()[:-200], "data.xlsx"),
    BadFile("only_magic.xlsx", _raw(b"PK\x03\x04"), "data.xlsx"),
    BadFile("no_sheets.xlsx", _zip({"xl/workbook.xml": b"<workbook/>"}), "data.xlsx"),
    BadFile("bomb.xlsx", _bomb, "data.xlsx_size"),
    BadFile("billion_laughs.xlsx", _billion_laughs, "data.xlsx"),
    BadFile(
        "formula.xlsx", workbook(("a", [["text", "label"], ["a", "x"], ["b", "=A1"]])), "data.formula", 3
    ),
    BadFile(
        "numbers.xlsx",
        workbook(
            ("a", [["text", "label"], [123, 1.5], ["00123", True]]), formats={"A2": "00000", "B2": "0.00"}
        ),
        rows=2,
        first={"text": "00123", "label": "1.50"},
    ),
    BadFile(
        "second_sheet.xlsx",
        workbook(("empty", []), ("b", [["text", "label"], ["a", "x"]]), ("c", [["more"]])),
        rows=1,
        warning="Only the sheet `b`",
        first={"text": "a", "label": "x"},
    ),
    BadFile(
        "by_excel.xlsx",
        by_excel(
            ["text", "label", "a_x000D_\n_x005F_x0041_ x005F_ ", "NA"],
            "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>"
            "<row r='2'><c r='A2' t='s'><v>2</v></c><c r='B2' t='s'><v>3</v></c></row>",
        ),
        rows=1,
        first={"text": "a\r\n_x0041_ x005F_ ", "label": "NA"},
    ),
    BadFile(
        "half_character.xlsx",
        by_excel(
            ["text", "label", "_xD83D_"],
            "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
            "<row><c t='s'><v>2</v></c><c t='s'><v>2</v></c></row>",
        ),
        "data.surrogate",
        2,
    ),
    BadFile(
        "wrong_string.xlsx",
        by_excel(["text"], "<row><c t='s'><v>0</v></c><c t='s'><v>9</v></c></row>"),
        "data.xlsx",
    ),
    BadFile(
        "rows_backwards.xlsx",
        by_excel(
            ["text", "label"],
            "<row r='5'><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
            "<row r='2'><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>",
        ),
        "data.xlsx",
    ),
    BadFile(
        "stored_numbers.xlsx",
        by_excel(
            ["text", "label"],
            "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
            "<row><c><v>1.0</v></c><c><v>0.30000000000000004</v></c></row>",
        ),
        rows=1,
        first={"text": "1.0", "label": "0.3"},
    ),
    BadFile(
        "gap.xlsx",
        workbook(("a", [[], ["text", "label"], [], ["a", None], ["b", "x"]])),
        rows=2,
        warning="left out",
    ),
)
