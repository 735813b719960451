"""Bad XLSX workbooks."""

from __future__ import annotations

from tests.bad_input.bad_file import BadFile, billion_laughs, bomb, by_excel, raw, workbook, zip

FILES: tuple[BadFile, ...] = (
    # --- workbooks ---
    BadFile("cut.xlsx", lambda: workbook(("a", [["text", "label"], ["a", "x"]]))()[:-200], "data.xlsx"),
    BadFile("only_magic.xlsx", raw(b"PK\x03\x04"), "data.xlsx"),
    BadFile("no_sheets.xlsx", zip({"xl/workbook.xml": b"<workbook/>"}), "data.xlsx"),
    BadFile("bomb.xlsx", bomb, "data.xlsx_size"),
    BadFile("billion_laughs.xlsx", billion_laughs, "data.xlsx"),
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
