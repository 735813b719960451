"""Plain text files, good and bad."""

from __future__ import annotations

import codecs

from tests.bad_input.bad_file import BadFile, raw, text

_BOOK = "Once upon a time, there was a card.\n\nIt was lost, and nobody found it.\n"

FILES: tuple[BadFile, ...] = (
    BadFile("book.txt", text(_BOOK), rows=1, first={"text": _BOOK}),
    BadFile("book.md", text("# Card\n\n| a | b |\n"), rows=1, first={"text": "# Card\n\n| a | b |\n"}),
    BadFile("chapters.txt", text(("Word. " * 400 + "\n\n") * 5), rows=5),
    BadFile("endless_paragraph.txt", text("Word. " * 3000), rows=3),
    BadFile("no_space.txt", text("w" * 17_000), rows=3),
    BadFile("windows.txt", text("a b\r\n\r\nc d\r\n"), rows=1, first={"text": "a b\r\n\r\nc d\r\n"}),
    BadFile("bom.txt", raw(codecs.BOM_UTF8 + b"One line."), rows=1, first={"text": "One line."}),
    BadFile("utf16.txt", text(_BOOK, "utf-16"), rows=1, first={"text": _BOOK}),
    BadFile("blank.md", raw(b"\n \n"), "data.empty"),
    BadFile("nothing.txt", raw(b""), "data.empty"),
    BadFile("nul.txt", raw(b"One\n\ntwo \0 three\n"), "data.nul", 3),
    BadFile("bad_byte.md", raw("Grüße\nKöln ".encode() + b"\xff\n"), "data.encoding", 2),
    BadFile("cut_character.txt", raw("Grüße ü".encode()[:-1]), "data.encoding", 1),
    BadFile("endless_line.txt", lambda: b"w" * 16_000_100, "data.too_long", 1),
    BadFile("table.txt", raw(b"text,label\na,x\nb,y\n"), rows=2, first={"text": "a", "label": "x"}),
    BadFile("ragged_table.txt", raw(b"text,label\na,x\nb,x,y\nc,x\n"), "data.ragged", 3),
    BadFile("roles.txt", text(_BOOK), "data.columns", roles={"user": "question", "label": "label"}),
)
