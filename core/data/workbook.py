"""XLSX: the first sheet with data, cell by cell as text.

Texts come as they are. A number comes as the file stores it (at most 15 digits, as Excel shows it), with the
leading zeros or decimals of a format such as `00000` or `0.00`; other number formats (currency, percent) are
not applied: a cell shown as 50 % is stored, and read, as 0.5. Dates come as 2024-05-31 or 2024-05-31
13:45:00, truth values as TRUE and FALSE. A formula comes as its stored result, and is refused where the file
stores none.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from core.data import limits
from core.data.problem import Problems, Refusal, refuse
from core.data.table import Row, Table, Value

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_PADDED = re.compile(r"0+")
_DECIMALS = re.compile(r"0\.(0+)")
_ITEM, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("si", "t", "r"))
_AS_CSV = "Open it in a spreadsheet program and save it as XLSX again, or as CSV (UTF-8)."
_NO_RESULT = object()


def _unescaped(text: str) -> str:
    """Excel writes characters that XML forbids as `_x000D_`, and a text that looks so as `_x005F_x000D_`."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


class _Reader(ExcelReader):
    """openpyxl's reader, with shared strings exactly as stored (it removes `x005F_` from any text)."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            for _event, node in iterparse(source):
                if node.tag == _ITEM:
                    self.shared_strings.append(_plain_text(node))
                    node.clear()


def _plain_text(node: Any) -> str:
    """Text of a string item: its own or that of its runs; phonetic hints are not text."""
    pieces = [child.text or "" for child in node if child.tag == _TEXT]
    pieces += [child.findtext(_TEXT) or "" for child in node if child.tag == _RUN]
    return _unescaped("".join(pieces))


class _Parser(WorkSheetParser):
    """openpyxl's parser, but numbers stay as written and a formula without a stored result is noticed."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["data_type"] == "n" and cell["value"] is not None:
            cell["value"] = element.findtext(VALUE_TAG)
        elif cell["value"] is None and element.find(FORMULA_TAG) is not None and cell["data_type"] != "str":
            cell["value"] = _NO_RESULT
        elif element.get("t") == "inlineStr":
            inline = element.find(f"{{{SHEET_MAIN_NS}}}is")
            cell["value"] = _plain_text(inline) if inline is not None else ""
        elif element.get("t") == "str" and isinstance(cell["value"], str):
            cell["value"] = _unescaped(cell["value"])
        return cell


class WorkbookTable(Table):
    """The first visible sheet of a workbook that has anything in it."""

    format = "xlsx"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._check_size()
        self._sheet = ""
        self._book = self._guarded(self._load)
        others = self._guarded(self._choose_sheet)
        if others:
            names = ", ".join(f"`{name}`" for name in others[:5])
            self.warnings.append(f"Only the sheet `{self._sheet}` was read; not {names}.")
        for _row in self.rows(Problems(2)):
            break
        else:
            raise self._empty()

    def _check_size(self) -> None:
        with zipfile.ZipFile(self.path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            names = [part.filename for part in archive.infolist()]
        if unpacked > limits.UNPACKED:
            raise refuse(
                "data.xlsx_size",
                self.path.name,
                f"It unpacks to {unpacked // 1_000_000:,} MB; {limits.UNPACKED // 1_000_000} is the most.",
                "Save the sheet as CSV (UTF-8), which is read piece by piece.",
            )
        if len(set(names)) < len(names):
            raise self._damaged(ValueError("two parts of one name"))

    def _guarded(self, work: Any) -> Any:
        """Runs openpyxl on a foreign file: whatever it raises means that the workbook is damaged."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return work()
        except (Refusal, OSError) as error:
            if isinstance(error, Refusal):
                raise
            raise self._damaged(error) from error
        except MemoryError:
            raise
        except Exception as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> Refusal:
        refusal = refuse(
            "data.xlsx", self.path.name, "The workbook is damaged or not made to the standard.", _AS_CSV
        )
        refusal.details = f"{type(error).__name__}: {error}"
        return refusal

    def _load(self) -> Any:
        reader = _Reader(str(self.path), read_only=True, data_only=True, keep_links=False)
        reader.read()
        return reader.wb

    def _choose_sheet(self) -> list[str]:
        """Sets the sheet to read; gives the names of others that hold something."""
        filled: list[str] = []
        sheets = sorted(self._book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
        for sheet in sheets:
            for _number, cells in self._parse(sheet.title):
                if any(cell["value"] not in (None, "") for cell in cells):
                    filled.append(sheet.title)
                    break
        if not filled:
            raise self._empty()
        self._sheet = filled[0]
        return filled[1:]

    def _parse(self, title: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        sheet = next(sheet for sheet in self._book.worksheets if sheet.title == title)
        with sheet._get_source() as source:
            parser = _Parser(
                source,
                sheet._shared_strings,
                data_only=True,
                epoch=self._book.epoch,
                date_formats=self._book._date_formats,
                timedelta_formats=self._book._timedelta_formats,
            )
            yield from parser.parse()

    def _read(self, problems: Problems) -> Iterator[Row]:
        rows = self._parse(self._sheet)
        heading_seen = False
        number = 0
        last_line = 0
        while (found := self._guarded(lambda: next(rows, None))) is not None:
            line, cells = found
            if line <= last_line:
                raise self._damaged(ValueError(f"row {line} follows row {last_line}"))
            last_line = line
            texts = self._guarded(lambda line=line, cells=cells: self._texts(line, cells))
            if not any(texts):
                self.blank_lines += 1
                continue
            if not heading_seen:
                heading_seen = True
                if not self.columns:
                    self._take_columns(texts, line)
                continue
            number += 1
            if len(texts) > len(self.columns):
                problems.add(self._ragged(line, len(texts)))
                continue
            texts += [""] * (len(self.columns) - len(texts))
            values: dict[str, Value] = dict(zip(self.columns, texts, strict=True))
            yield Row(number, line, values)

    def _texts(self, line: int, cells: list[dict[str, Any]]) -> list[str]:
        texts: list[str] = []
        for cell in cells:
            place = cell["column"] - 1
            if place >= limits.COLUMNS:
                if cell["value"] in (None, ""):
                    continue
                raise self._too_many_columns(place + 1, line)
            text = self._text(cell, line)
            if not text:
                continue
            texts += [""] * (place + 1 - len(texts))
            texts[place] = text
        return texts

    def _text(self, cell: dict[str, Any], line: int) -> str:
        value = cell["value"]
        if value is None:
            return ""
        if value is _NO_RESULT:
            raise refuse(
                "data.formula",
                self.path.name,
                "The cell holds a formula, and the file does not store its result.",
                "Open it in a spreadsheet program and save it, so that results are stored.",
                line=line,
                column=str(cell["column"]),
            )
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, datetime.datetime):
            return str(value.date() if value.time() == datetime.time() else value)
        if cell["data_type"] == "n":
            return _number(str(value), self._format_of(cell["style_id"]))
        text = str(value)
        if "\0" in text or any(
            "\ud800" <= character <= "\udfff" for character in text if not character.isascii()
        ):
            raise refuse(
                "data.surrogate",
                self.path.name,
                "The cell holds a character that no text can hold.",
                "Type the text again.",
                line=line,
                column=str(cell["column"]),
            )
        return text

    def _format_of(self, style: int) -> str:
        if not style:
            return "General"
        number = self._book._cell_styles[style].numFmtId
        if number < BUILTIN_FORMATS_MAX_SIZE:
            return str(BUILTIN_FORMATS.get(number, "General"))
        return str(self._book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _number(literal: str, shown: str) -> str:
    """A stored number as text.

    Args:
        literal: As the file stores it, such as 7, 0.1 or 0.30000000000000004.
        shown: The cell's number format.
    """
    text = literal.strip()
    if _PADDED.fullmatch(shown) and text.isdigit():
        return text.zfill(len(shown))
    if (match := _DECIMALS.fullmatch(shown)) is not None:
        return f"{float(text):.{len(match.group(1))}f}"
    digits = sum(character.isdigit() for character in text.partition("e")[0].partition("E")[0])
    if digits > 15 and not text.lstrip("-").isdigit():
        return f"{float(text):.15g}"
    return text
