"""Files that are empty or no table at all."""

from __future__ import annotations

import codecs
import gzip
import pickle

from tests.bad_input.bad_file import GOOD, BadFile, raw, workbook, zip

FILES: tuple[BadFile, ...] = (
    # --- empty and almost empty ---
    BadFile("nothing.csv", raw(b""), "data.empty"),
    BadFile("nothing.jsonl", raw(b""), "data.empty"),
    BadFile("only_bom.csv", raw(codecs.BOM_UTF8), "data.empty"),
    BadFile("only_utf16_bom.csv", raw(codecs.BOM_UTF16_LE), "data.empty"),
    BadFile("blank_lines.csv", raw(b"\n\n  \n\r\n"), "data.empty"),
    BadFile("blank_lines.jsonl", raw(b"\n\n"), "data.empty"),
    BadFile("header_only.csv", raw(b"text,label\n"), "data.empty"),
    BadFile("header_no_newline.csv", raw(b"text,label"), "data.empty"),
    BadFile("empty_list.json", raw(b"[]"), "data.empty"),
    BadFile("empty_examples.json", raw(b'{"examples": []}'), "data.empty"),
    BadFile("empty_workbook.xlsx", workbook(("a", [])), "data.empty"),
    BadFile("header_only.xlsx", workbook(("a", [["text", "label"]])), "data.empty"),
    BadFile("all_values_empty.csv", raw(b"text,label\n,\n,\n"), "data.empty"),
    # --- other kinds of files ---
    BadFile("old.xls", raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "data.format"),
    BadFile("archive.csv", zip({"a.csv": b"text,label\n"}), "data.format"),
    BadFile("document.csv", zip({"word/document.xml": b"<a/>"}), "data.format"),
    BadFile("open.ods", zip({"content.xml": b"<a/>"}), "data.format"),
    BadFile("binary.xlsb", zip({"xl/workbook.bin": b"x"}), "data.format"),
    BadFile("model.pt", zip({"model/data.pkl": b"x"}), "data.format"),
    BadFile("paper.csv", raw(b"%PDF-1.7\n..."), "data.format"),
    BadFile("picture.csv", raw(b"\x89PNG\r\n\x1a\n" + bytes(50)), "data.format"),
    BadFile("table.parquet", raw(b"PAR1" + bytes(50) + b"PAR1"), "data.parquet"),
    BadFile("rows.pkl", lambda: pickle.dumps([{"text": "a"}]), "data.format"),
    BadFile("rows.csv.gz", lambda: gzip.compress(GOOD.encode()), "data.format"),
    BadFile("page.csv", raw(b"<!DOCTYPE html><html></html>"), "data.format"),
    BadFile("base.csv", raw(b"SQLite format 3\x00" + bytes(80)), "data.format"),
    BadFile("model.gguf", raw(b"GGUF" + bytes(80)), "data.format"),
    BadFile("noise.csv", raw(bytes(range(256)) * 4), "data.format"),
)
