"""Which labels a model knows and which it takes for others: as data, for every reader of a report."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

#: What stands for every answer that is no label of the data.
NO_LABEL = ""


class LabelFigures(BaseModel, frozen=True, extra="forbid"):
    """One label.

    Attributes:
        label: Its name.
        precision: Of the answers that said it, the share that was right.
        recall: Of the rows that wanted it, the share that got it.
        f1: Both in one.
        rows: Rows that wanted it.
    """

    label: str
    precision: float
    recall: float
    f1: float
    rows: int


class Cell(BaseModel, frozen=True, extra="forbid"):
    """A cell of the confusion matrix that is not empty.

    Attributes:
        expected: The label that was wanted.
        said: The label that was answered; empty for whatever is no label.
        rows: How often.
    """

    expected: str
    said: str
    rows: int


def order(cells: Sequence[Cell]) -> list[str]:
    """Labels of a matrix from A to Z; answers that are no label come last, if there are any."""
    labels = {cell.expected for cell in cells} | {cell.said for cell in cells if cell.said != NO_LABEL}
    other = [NO_LABEL] if any(cell.said == NO_LABEL for cell in cells) else []
    return [*sorted(labels), *other]


def mistakes(cells: Sequence[Cell], most: int) -> list[Cell]:
    """The confusions of labels that happen most often, the most frequent first."""
    wrong = [cell for cell in cells if cell.said not in (cell.expected, NO_LABEL)]
    return sorted(wrong, key=lambda cell: (-cell.rows, cell.expected, cell.said))[:most]


def confused_labels(cells: Sequence[Cell], most: int) -> list[str]:
    """The labels with the most wrong answers on either side, from A to Z: a picture of 77 shows nothing."""
    wrong: dict[str, int] = {label: 0 for label in order(cells) if label != NO_LABEL}
    for cell in cells:
        if cell.said != cell.expected:
            for label in {cell.expected, cell.said} - {NO_LABEL}:
                wrong[label] += cell.rows
    return sorted(sorted(wrong, key=lambda label: (-wrong[label], label))[:most])


def matrix(cells: Sequence[Cell], labels: Sequence[str]) -> list[list[int]]:
    """Rows of (expected, said) counts, a row and a column a label; what is not listed is left out."""
    counts = {(cell.expected, cell.said): cell.rows for cell in cells}
    return [[counts.get((expected, said), 0) for said in labels] for expected in labels]


def sentence(cell: Cell) -> str:
    """A confusion in words: `card_arrival was taken for card_delivery_estimate 7 times`."""
    often = "once" if cell.rows == 1 else "twice" if cell.rows == 2 else f"{cell.rows} times"
    return f"{cell.expected} was taken for {cell.said} {often}"
