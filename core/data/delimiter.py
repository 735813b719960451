"""What separates the values of a text table, decided from its first rows, or refused when two answers fit."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from core.data import limits
from core.data.problem import refuse

CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass(frozen=True)
class _Fit:
    delimiter: str
    width: int
    agreement: float
    known: int


def detect(
    sample: str, whole: bool, known_names: frozenset[str], *, file: str, prefer: str | None = None
) -> str:
    """The delimiter under which the sample's rows agree with its heading.

    Rows that disagree under every delimiter get the best one; reading then names the first bad row.

    Args:
        sample: Beginning of the file.
        whole: Whether that is all of it.
        known_names: Usual column names in lower case; they settle a tie.
        file: Name for the message.
        prefer: The one that the file's ending promises.

    Raises:
        Refusal: Two delimiters split every row equally well.
    """
    fits = [fit for delimiter in CANDIDATES if (fit := _fit(sample, whole, delimiter, known_names))]
    if not fits:
        return prefer or ","
    for fit in fits:
        if fit.delimiter == prefer and fit.agreement == 1.0:
            return fit.delimiter
    fits.sort(key=lambda fit: (fit.agreement, fit.known), reverse=True)
    best = fits[0]
    if len(fits) > 1:
        second = fits[1]
        if (best.agreement, best.known) == (second.agreement, second.known) and best.agreement == 1.0:
            raise refuse(
                "data.delimiter",
                file,
                f"Both {NAMES[best.delimiter]} and {NAMES[second.delimiter]} split every row into columns.",
                "Put values that hold such a character into quotes, or save the file as XLSX or JSONL.",
                line=1,
            )
    return best.delimiter


def _fit(sample: str, whole: bool, delimiter: str, known_names: frozenset[str]) -> _Fit | None:
    rows: list[list[str]] = []
    complete = whole
    try:
        for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, strict=True):
            if row:
                rows.append(row)
            if len(rows) > limits.SAMPLE:
                complete = True
                break
    except csv.Error:
        complete = True  # the row with the error is not among the rows
    if not complete and len(rows) > 1:
        rows.pop()  # the sample's end cut it
    if not rows or len(rows[0]) < 2:
        return None
    width = len(rows[0])
    agreement = sum(len(row) == width for row in rows) / len(rows)
    known = sum(name.strip().casefold() in known_names for name in rows[0])
    return _Fit(delimiter, width, agreement, known)
