"""Tables as CSV that a spreadsheet shows as written: no text of a person or a model becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | float | int | None
#: What makes Excel, LibreOffice or Sheets read a cell as a formula, or as the end of one.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table; numbers stay numbers, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe(column) for column in columns])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: Cell) -> Cell:
    """A text that could be read as a formula gets an apostrophe before it, as OWASP advises."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell
