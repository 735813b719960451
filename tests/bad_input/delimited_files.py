"""Bad CSV and TSV files."""

from __future__ import annotations

import codecs

from tests.bad_input.bad_file import FIRST, GOOD, LONG, BadFile, raw, text, workbook

FILES: tuple[BadFile, ...] = (
    # --- encodings ---
    BadFile("utf8_bom.csv", raw(codecs.BOM_UTF8 + GOOD.encode()), rows=2, first=FIRST),
    BadFile("two_boms.csv", raw(codecs.BOM_UTF8 * 2 + GOOD.encode()), rows=2, first=FIRST),
    BadFile("utf16_le.csv", text(GOOD, "utf-16"), rows=2, first=FIRST),
    BadFile("utf16_be_bom.csv", raw(codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be")), rows=2, first=FIRST),
    BadFile("utf16_no_bom.csv", text(GOOD, "utf-16-le"), rows=2, first=FIRST),
    BadFile("utf16_be_no_bom.csv", text(GOOD, "utf-16-be"), rows=2, first=FIRST),
    BadFile("utf32.csv", text(GOOD, "utf-32"), rows=2, first=FIRST),
    BadFile(
        "utf16.jsonl",
        text('{"text": "a", "label": "b"}\n', "utf-16"),
        rows=1,
        first={"text": "a", "label": "b"},
    ),
    BadFile("utf16_odd_length.csv", raw(GOOD.encode("utf-16") + b"x"), "data.encoding", 4),
    BadFile("utf16_half_pair.csv", raw(GOOD.encode("utf-16") + b"\x00\xd8a\x00"), "data.encoding", 4),
    BadFile(
        "latin1.csv",
        text("text,label\nWo ist der Schlüssel für die Tür?,a\nGrüße aus Köln,b\n", "latin-1"),
        rows=2,
        warning="not UTF-8",
        first={"text": "Wo ist der Schlüssel für die Tür?", "label": "a"},
    ),
    BadFile(
        "cp1252_one_accent.csv",
        text("text,label\nIs the café open?,a\nNo,b\n", "cp1252"),
        rows=2,
        warning="not UTF-8",
        first={"text": "Is the café open?", "label": "a"},
    ),
    BadFile(
        "cp1251.csv",
        text("text,label\n" + "Где моя карта, когда она придёт?".replace(",", "") + ",a\n", "cp1251"),
        rows=1,
        warning="not UTF-8",
        first={"text": "Где моя карта когда она придёт?", "label": "a"},
    ),
    BadFile(
        "utf8_one_bad_byte.csv", raw("text,label\nGrüße,a\nKöln ".encode() + b"\xff,b\n"), "data.encoding", 3
    ),
    BadFile("utf8_cut.csv", raw("text,label\nGrüße,a\nKölnü".encode()[:-1]), "data.encoding", 3),
    BadFile(
        "utf8_cut.jsonl", raw('{"text": "é", "label": "é"}\n{"text": "é'.encode()[:-1]), "data.encoding", 2
    ),
    BadFile(
        "encoded_surrogate.csv", raw("text,label\né,a\n".encode() + b"\xed\xa0\x80,b\n"), "data.encoding", 3
    ),
    # --- rows ---
    BadFile("ragged_more.csv", raw(b"text,label\na,x\nb,x,y\n"), "data.ragged", 3),
    BadFile("ragged_less.csv", raw(b"text,label\na,x\nb\n"), "data.ragged", 3),
    BadFile("ragged_comma_in_text.csv", raw(b"text,label\nHello, you,x\nbye,y\n"), "data.ragged", 2),
    BadFile("ragged_after_multiline.csv", raw(b'text,label\n"a\nb\nc",x\nd,x,y\n'), "data.ragged", 5),
    BadFile("ragged.tsv", raw(b"text\tlabel\na\tx\nb\tx\ty\n"), "data.ragged", 3),
    BadFile("ragged_old_mac.csv", raw(b"text,label\ra,x\rb,x,y\r"), "data.ragged", 3),
    BadFile(
        "ragged.xlsx", workbook(("a", [["text", "label"], ["a", "x"], ["b", "x", "y"]])), "data.ragged", 3
    ),
    BadFile("old_mac.csv", raw(b"text,label\ra,x\rb,y\r"), rows=2, first={"text": "a", "label": "x"}),
    BadFile(
        "windows.csv", raw(b"text,label\r\na,x\r\n\r\nb,y\r\n"), rows=2, first={"text": "a", "label": "x"}
    ),
    BadFile("no_last_newline.csv", raw(b"text,label\na,x\nb,y"), rows=2),
    BadFile(
        "quoted_newline.csv",
        raw(b'text,label\n"a\r\nb",x\n'),
        rows=1,
        first={"text": "a\r\nb", "label": "x"},
    ),
    BadFile(
        "line_separator.csv",
        text("text,label\na\u2028b\x85c,x\n"),
        rows=1,
        first={"text": "a\u2028b\x85c", "label": "x"},
    ),
    BadFile(
        "line_separator.jsonl",
        text('{"text": "a\u2028b", "label": "x"}\n'),
        rows=1,
        first={"text": "a\u2028b", "label": "x"},
    ),
    # --- quotes ---
    BadFile("open_quote.csv", raw(b'text,label\na,x\n"b,x\nc,y\nd,y\n'), "data.quote", 3),
    BadFile("open_quote_last.csv", raw(b'text,label\na,"x\n'), "data.quote", 2),
    BadFile("open_quote_then_quote.csv", raw(b'text,label\n"a,x\nb,"y"\n'), "data.quote", 2),
    BadFile("open_quote_second_value.csv", raw(b'text,label\n"a\nb","x\nc,y\n'), "data.quote", 3),
    BadFile("text_after_quote.csv", raw(b'text,label\n"a" b,x\n'), "data.quote", 2),
    BadFile("open_quote_header.csv", raw(b'"text,label\na,x\n'), "data.quote", 1),
    BadFile(
        "inch_mark.csv", raw(b'text,label\na 5" pipe,x\n'), rows=1, first={"text": 'a 5" pipe', "label": "x"}
    ),
    BadFile(
        "quote_closed_late.csv",
        raw(b'text,label\n"a,x\nb,y\nc,y\nd",z\n'),
        rows=1,
        warning="check its quotes",
        why="cannot be told from a real value over lines, so it is said",
    ),
    # --- columns and delimiters ---
    BadFile(
        "semicolon.csv",
        raw(b"text;label\nHello, you;x\nbye;y\n"),
        rows=2,
        first={"text": "Hello, you", "label": "x"},
    ),
    BadFile(
        "pipe.txt", raw(b"text|label\nHello, you|x\n"), rows=1, first={"text": "Hello, you", "label": "x"}
    ),
    BadFile(
        "tab.csv", raw(b"text\tlabel\nHello, you\tx\n"), rows=1, first={"text": "Hello, you", "label": "x"}
    ),
    BadFile("comma.tsv", raw(b"text,label\nHello,x\n"), rows=1, first={"text": "Hello", "label": "x"}),
    BadFile("excel_sep.csv", raw(b"sep=;\ntext;label\na,b;x\n"), rows=1, first={"text": "a,b", "label": "x"}),
    BadFile("two_delimiters.csv", raw(b"a;b,c;d\n1;2,3;4\n5;6,7;8\n"), "data.delimiter", 1),
    BadFile("duplicate_columns.csv", raw(b"text,label,text\na,x,b\n"), "data.columns", 1),
    BadFile("duplicate_columns.xlsx", workbook(("a", [["text", "text"], ["a", "x"]])), "data.columns", 1),
    BadFile("unnamed_index.csv", raw(b",text,label\n0,a,x\n"), rows=1, warning="has no name"),
    BadFile(
        "many_columns.csv", raw(b",".join(b"c%d" % n for n in range(50_000)) + b"\n1\n"), "data.columns", 1
    ),
    BadFile(
        "no_header.csv",
        raw(b"How do I pay?,pay\nWhere is it?,card\nAnd now?,pay\nWhy?,pay\n"),
        "data.header",
        1,
    ),
    BadFile(
        "no_header_labels.csv",
        raw(b"how to pay,pay\nwhere is it,card\nand now,pay\nwhy,pay\nx,pay\n"),
        "data.header",
        1,
    ),
    BadFile("one_column.csv", raw(b"alpha\nhello\nbye\n"), "data.roles"),
    BadFile("strange_columns.csv", raw(b"alpha,beta,gamma\na,b,c\n"), "data.roles"),
    BadFile(
        "missing_column.csv", raw(GOOD.encode()), "data.columns", roles={"user": "text", "label": "class"}
    ),
    BadFile("same_column.csv", raw(GOOD.encode()), "data.roles", roles={"user": "text", "label": "text"}),
    BadFile("only_user.csv", raw(GOOD.encode()), "data.roles", roles={"user": "text"}),
    BadFile("unknown_role.csv", raw(GOOD.encode()), "data.roles", roles={"user": "text", "boss": "label"}),
    BadFile("role_other_case.csv", raw(GOOD.encode()), rows=2, roles={"user": "Text", "label": " LABEL"}),
    # --- values ---
    BadFile(
        "na.csv", raw(b"text,label\nNA,None\n00123,1.0\n"), rows=2, first={"text": "NA", "label": "None"}
    ),
    BadFile("nul.csv", raw(b"text,label\na\0b,x\n"), "data.nul", 2),
    BadFile("nul_far.csv", raw(b"text,label\n" + b"aaaa,x\n" * 200_000 + b"b\0,x\n"), "data.nul", 200_002),
    BadFile("nul_escape.jsonl", raw(b'{"text": "a\\u0000", "label": "x"}\n'), "data.nul", 1),
    BadFile("long_value.csv", lambda: b"text,label\na,x\n" + b"b" * LONG + b",y\n", "data.too_long", 3),
    BadFile(
        "long_value.jsonl", lambda: b'{"text": "' + b"b" * LONG + b'", "label": "x"}\n', "data.too_long", 1
    ),
    BadFile(
        "long_value.json", lambda: b'[{"text": "' + b"b" * LONG + b'", "label": "x"}]', "data.too_long", 1
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
)
