"""One bad data file and what must come of it, and how its bytes are made."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import openpyxl

LONG = 10_000_100


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


def text(text: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: text.encode(encoding)


def raw(content: bytes) -> Callable[[], bytes]:
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


def zip(parts: dict[str, bytes]) -> Callable[[], bytes]:
    def make() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    return make


@cache
def bomb() -> bytes:
    buffer = io.BytesIO(workbook(("a", [["text", "label"], ["x", "y"]]))())
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/big.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(600):
            part.write(bytes(1_000_000))
    return buffer.getvalue()


def billion_laughs() -> bytes:
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
    return zip({name: text.encode() for name, text in parts.items()})


def chat(*messages: tuple[str, Any]) -> str:
    return json.dumps({"messages": [{"role": role, "content": content} for role, content in messages]})


GOOD = "text,label\nHow do I pay?,pay\nWhere is my card?,card\n"
FIRST = {"text": "How do I pay?", "label": "pay"}
CHAT = chat(("user", "Hi"), ("assistant", "Hello"))
