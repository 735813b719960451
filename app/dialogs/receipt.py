"""Shows what was looked at when a model was made, and what was found."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from app import receipt_text
from app.dialogs.fitting import FittingDialog
from app.dialogs.head import begin
from app.formats import breakable, short_name
from app.receipt_text import TONES
from app.tokens import SPACE_L, SPACE_S
from app.widgets.buttons import PrimaryButton
from app.widgets.labels import Label
from app.widgets.pill import Pill
from core.models.receipts import CheckItem, ReceiptItem

_WIDTH, _MARGINS, _HIGHEST = 640, 44, 340


class ReceiptDialog(FittingDialog):
    """Colour, reasons, every check, and what the colours mean.

    Args:
        name: How the model is called.
        receipt: What its receipt says.
        parent: The window.
    """

    def __init__(self, name: str, receipt: ReceiptItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = begin(self, self.tr("The receipt of “{name}”").format(name=short_name(name)), _WIDTH)
        row = QHBoxLayout()
        word = receipt_text.colour_word(receipt.status, is_untaught=receipt.is_untaught)
        self.pill = Pill(word, TONES[receipt.status], self)
        row.addWidget(self.pill)
        row.addStretch(1)
        column.addLayout(row)
        said = "\n".join((*receipt_text.reasons(receipt), receipt_text.advice(receipt)))
        self.reasons = Label(said, wrap=True, selectable=True)
        self.reasons.setVisible(bool(said))
        column.addWidget(self.reasons)
        self.checks: list[tuple[Pill, Label]] = []
        if receipt.checks:
            column.addWidget(self._list(receipt))
        self.colours = Label(receipt_text.colours_text(), "note", wrap=True)
        column.addWidget(self.colours)
        column.addSpacing(SPACE_S)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self.close_button = PrimaryButton(self.tr("Close"), parent=self)
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        foot.addWidget(self.close_button)
        column.addLayout(foot)
        self.finished.connect(self.deleteLater)
        self.close_button.setFocus()
        self.fit_soon()

    def _list(self, receipt: ReceiptItem) -> QScrollArea:
        """The checks, those that are not green first; scrolled where they are many."""
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, SPACE_S, 0)
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_S)
        grid.setColumnStretch(1, 1)
        greens = tuple(item for item in receipt.checks if item.status == "green")
        for at, item in enumerate((*receipt.faults, *greens)):
            self._add(grid, at, item)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("What was checked"))
        area.setWidget(inside)
        needed = grid.totalHeightForWidth(_WIDTH - _MARGINS)
        area.setFixedHeight(min(_HIGHEST, needed))
        return area

    def _add(self, grid: QGridLayout, at: int, item: CheckItem) -> None:
        top = Qt.AlignmentFlag.AlignTop
        title = Pill(receipt_text.check_title(item.name), TONES[item.status])
        word = receipt_text.colour_word(item.status)
        title.setAccessibleName(f"{receipt_text.check_title(item.name)}: {word}")
        text = Label(breakable(item.text), wrap=True, selectable=True)
        grid.addWidget(title, at, 0, top)
        grid.addWidget(text, at, 1, top)
        self.checks.append((title, text))
