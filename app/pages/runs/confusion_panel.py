"""Which labels a model takes for others: in words, as a picture, and label by label."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.formats import breakable, count_text, short_name
from app.plots.heat_map import Cell as Square
from app.plots.heat_map import HeatMap
from app.tokens import SPACE_M
from app.widgets.buttons import LinkButton
from app.widgets.figure_table import FigureTable
from app.widgets.labels import Label
from core.models import confusion
from core.models.confusion import NO_LABEL, Cell, LabelFigures
from core.models.report import EvaluationReport, ModelFigures

_IN_PICTURE = 12
_IN_WORDS = 3
_HARDEST = 8
_PALEST, _DARKEST = 0.15, 0.9


class ConfusionPanel(QWidget):
    """A line about the worst confusions, and the rest behind a link.

    Args:
        report: A classification's report; the last model is shown first.
        parent: Owner.
    """

    def __init__(self, report: EvaluationReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taught = bool(report.answers_by)
        self._models = [model for model in report.models if model.quality.confusion]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_M)
        self.words = Label("", "", wrap=True, selectable=True)
        self.link = LinkButton(self.tr("Show which were confused"), parent=self)
        self.link.clicked.connect(self._on_link)
        self.details = QWidget(self)
        self.details.hide()
        self._inside = inside = QVBoxLayout(self.details)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE_M)
        self.choice = QComboBox(self.details)
        self.choice.setAccessibleName(self.tr("Model whose confusions are shown"))
        self.choice.addItems([model.model for model in self._models])
        self.choice.setCurrentIndex(len(self._models) - 1)
        self.choice.setVisible(len(self._models) > 1)
        self.choice.currentIndexChanged.connect(self._on_chosen)
        self.map_note = Label("", "note", wrap=True)
        self.map = HeatMap(self.tr("What was taken for what"), self.details)
        self.map.named.connect(self._on_named)
        self.said = Label("", "note", wrap=True)
        self.hard_title = Label(self.tr("The hardest labels"), "strong")
        self.hard: FigureTable | None = None
        start = Qt.AlignmentFlag.AlignLeft
        inside.addWidget(self.choice, 0, start)
        inside.addWidget(self.map_note)
        inside.addWidget(self.map)
        inside.addWidget(self.said)
        inside.addWidget(self.hard_title)
        column.addWidget(self.words)
        column.addWidget(self.link, 0, start)
        column.addWidget(self.details)
        self._on_chosen(len(self._models) - 1)

    @Slot()
    def _on_link(self) -> None:
        shown = self.details.isHidden()
        self.details.setVisible(shown)
        self.link.setText(
            self.tr("Hide which were confused") if shown else self.tr("Show which were confused")
        )

    @Slot(int)
    def _on_chosen(self, place: int) -> None:
        model = self._models[place]
        cells: tuple[Cell, ...] = model.quality.confusion or ()
        self.words.setText(self._in_words(model, cells))
        labels = confusion.confused_labels(cells, _IN_PICTURE)
        every = [label for label in confusion.order(cells) if label != NO_LABEL]
        self._show_map(labels, confusion.matrix(cells, labels))
        said = (
            self.tr("Rows: what the teacher answered. Columns: what the model answered. Green is the same.")
            if self._taught
            else self.tr("Rows: what was right. Columns: what the model answered. Green is right.")
        )
        if len(labels) < len(every):
            some = self.tr("The {shown} of {all} labels with the most mistakes.")
            said = f"{some.format(shown=len(labels), all=len(every))} {said}"
        self.map_note.setText(said)
        self._show_hardest(model.quality.labels or ())

    def _show_map(self, labels: list[str], counts: list[list[int]]) -> None:
        """Columns are numbered as the rows are, so that long names need no turned text."""
        most = max((count for row in counts for count in row), default=0) or 1
        squares = [
            Square(
                column,
                row,
                _PALEST + (_DARKEST - _PALEST) * (count / most) ** 0.5 if count else 0.0,
                str(count or ""),
                self.tr("{row} was answered with {column}: {count}").format(
                    row=labels[row], column=labels[column], count=count
                ),
                tone="good" if row == column else "warn",
            )
            for row, found in enumerate(counts)
            for column, count in enumerate(found)
        ]
        wrong = ". ".join(item.text for item in squares if item.mark and item.tone == "warn")
        numbers = [str(place) for place in range(1, len(labels) + 1)]
        rows = [f"{label}  {number}" for label, number in zip(labels, numbers, strict=True)]
        self.map.show_cells(rows, numbers, squares, wrong)
        self._on_named("")

    @Slot(str)
    def _on_named(self, text: str) -> None:
        self.said.setText(text or self.tr("Point at a square, or go through them with the arrow keys."))

    def _in_words(self, model: ModelFigures, cells: tuple[Cell, ...]) -> str:
        said = []
        for cell in confusion.mistakes(cells, _IN_WORDS):
            text = self.tr("{expected} was taken for {said} {count}×")
            said.append(
                text.format(expected=breakable(cell.expected), said=breakable(cell.said), count=cell.rows)
            )
        if model.quality.unknown_answers:
            text = self.tr("no label of the data was answered {count}×")
            said.append(text.format(count=model.quality.unknown_answers))
        if not said:
            return self.tr("{model} confused no labels.").format(model=short_name(model.model))
        return f"{short_name(model.model)}: {'; '.join(said)}."

    def _show_hardest(self, labels: tuple[LabelFigures, ...]) -> None:
        heads = [
            self.tr("Label"),
            self.tr("Same when said, %") if self._taught else self.tr("Right when said, %"),
            self.tr("Found, %"),
            self.tr("Both (F1), %"),
            self.tr("Rows"),
        ]
        tips = {
            1: self.tr("Precision: of the answers with this label, so many were the teacher's.")
            if self._taught
            else self.tr("Precision: of the answers with this label, so many were right."),
            2: self.tr("Recall: of the rows of this label, so many were found."),
        }
        rows = [heads]
        for item in sorted(labels, key=lambda row: (row.f1, row.label))[:_HARDEST]:
            shares = [f"{share * 100:.0f}" for share in (item.precision, item.recall, item.f1)]
            rows.append([short_name(item.label), *shares, count_text(item.rows)])
        if self.hard is not None:
            self._inside.removeWidget(self.hard)
            self.hard.hide()
            self.hard.deleteLater()
        self.hard = FigureTable(rows, tips, self.details)
        self._inside.addWidget(self.hard)
