"""Classification, label by label: precision, recall, F1, and what was taken for what (scikit-learn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.models.confusion import NO_LABEL, Cell, LabelFigures


@dataclass(frozen=True)
class LabelSheet:
    """Everything about the labels of one model's answers.

    Attributes:
        macro_f1: F1 averaged over the labels that were expected; an answer that is no label is a miss of the
            right one.
        labels: Those labels, from A to Z.
        cells: Of the confusion matrix, those that are not empty.
        unknown: Answers that are no label of the data.
    """

    macro_f1: float
    labels: tuple[LabelFigures, ...]
    cells: tuple[Cell, ...]
    unknown: int


def read(said: Sequence[str], wanted: Sequence[str], known: Sequence[str] = ()) -> LabelSheet:
    """Compares answers with expected labels, but for space around them.

    Args:
        said: The answers.
        wanted: The expected labels, row by row.
        known: Every label of the data; without them, those that were expected.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # a second to import

    wanted = [label.strip() for label in wanted]
    labels = sorted(set(wanted))
    every = sorted({label.strip() for label in known} | set(labels))
    said = [answer.strip() if answer.strip() in every else NO_LABEL for answer in said]
    figures = precision_recall_fscore_support(wanted, said, labels=labels, zero_division=0)
    rows = [
        LabelFigures(label=label, precision=precision, recall=recall, f1=f1, rows=int(count))
        for label, precision, recall, f1, count in zip(labels, *figures, strict=True)
    ]
    places = [*every, NO_LABEL]
    counts = confusion_matrix(wanted, said, labels=places)
    cells = [
        Cell(expected=places[row], said=places[column], rows=int(counts[row, column]))
        for row, column in zip(*counts.nonzero(), strict=True)
    ]
    return LabelSheet(
        macro_f1=sum(row.f1 for row in rows) / len(rows),
        labels=tuple(rows),
        cells=tuple(cells),
        unknown=said.count(NO_LABEL),
    )
