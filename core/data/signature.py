"""Files that are no tables of text, recognised by their first bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from core.data.problem import refuse

#: What can be read, for messages and help.
FORMATS = "CSV, TSV, JSON, JSONL, XLSX, Parquet, TXT or MD"
_EXPORT = "Open it in the program it comes from and save it as CSV (UTF-8) or XLSX."
_UNPACK = "Unpack it and add the file inside."
_TABLES = f"Add a {FORMATS} file."

#: First bytes, what the file is, what to do.
_KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (.xls) or one with a password",
        "Open it in Excel, remove the password, and save it as XLSX or CSV (UTF-8).",
    ),
    (b"%PDF", "a PDF document", _TABLES),
    (b"\x89PNG", "a PNG picture", _TABLES),
    (b"\xff\xd8\xff", "a JPEG picture", _TABLES),
    (b"GIF8", "a GIF picture", _TABLES),
    (b"RIFF", "a sound, film or picture file", _TABLES),
    (b"ARROW1", "an Arrow file", "Convert it to Parquet, for example with pandas: df.to_parquet(…)."),
    (b"FEA1", "a Feather file", "Convert it to Parquet, for example with pandas: df.to_parquet(…)."),
    (b"Obj\x01", "an Avro file", "Convert it to JSONL."),
    (b"ORC\n", "an ORC file", "Convert it to JSONL."),
    (b"\x89HDF", "an HDF5 file", "Convert it to JSONL."),
    (b"\x93NUMPY", "a NumPy array", "Convert it to JSONL."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV."),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"GGUF", "a model, not data", "Add it as a model: slm-workbench models add FILE."),
    (b"\x7fELF", "a program", _TABLES),
    (b"MZ\x90", "a program", _TABLES),
    (b"{\\rtf", "an RTF document", _TABLES),
)
_PICKLE_PROTOCOLS = b"\x02\x03\x04\x05"


def container(path: Path, head: bytes) -> Literal["", "xlsx", "parquet"]:
    """Which packed kind of table the file is; empty when it must be text.

    Args:
        path: The file.
        head: Its first bytes.

    Raises:
        Refusal: It is another kind of file that holds no table of text, or a broken one.
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PARE"):
        raise refuse(
            "data.encrypted",
            path.name,
            "The Parquet file is encrypted.",
            "Save it without encryption, and add that file.",
        )
    for magic, name, fix in _KNOWN:
        if head.startswith(magic):
            raise refuse("data.format", path.name, f"This is {name}, not a table of text.", fix)
    if len(head) > 1 and head[0] == 0x80 and head[1] in _PICKLE_PROTOCOLS:
        raise refuse(
            "data.format",
            path.name,
            "This is a Python pickle. Reading one can run any program hidden in it, so it is never opened.",
            "Convert it to JSONL where you trust it, for example with pandas: df.to_json(lines=True).",
        )
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise refuse(
            "data.format", path.name, "This is a web page or an XML file, not a table of text.", _EXPORT
        )
    if head.startswith(b"PK"):
        _require_workbook(path)
        return "xlsx"
    return ""


def _require_workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise refuse(
            "data.xlsx",
            path.name,
            "The workbook or ZIP archive is cut off or damaged.",
            "Copy or save it again; if it opens in a spreadsheet program, save it there as CSV (UTF-8).",
        ) from error
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        what, fix = "a binary Excel workbook (.xlsb)", "Save it as XLSX or CSV (UTF-8)."
    elif "content.xml" in names:
        what, fix = "an OpenDocument file", "Save it as XLSX or CSV (UTF-8)."
    elif "word/document.xml" in names:
        what, fix = "a Word document", _TABLES
    elif any(name.endswith("data.pkl") for name in names):
        what, fix = "a PyTorch file with a pickle inside, which is never opened", _TABLES
    else:
        what, fix = "a ZIP archive", _UNPACK
    raise refuse("data.format", path.name, f"This is {what}, not a table of text.", fix)
