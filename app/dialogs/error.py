"""Shows an unexpected error."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.tokens import SPACE_L, SPACE_XL
from app.widgets.buttons import PrimaryButton
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText


class ErrorDialog(QDialog):
    """The error panel in a window of its own; never blocks the event loop."""

    def __init__(self, error: ErrorText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Something went wrong"))
        self.setMinimumWidth(560)
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_L)
        self.panel = ErrorPanel(error, parent=self)
        column.addWidget(self.panel, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = PrimaryButton(self.tr("Close"), parent=self)
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        row.addWidget(self.close_button)
        column.addLayout(row)
        self.finished.connect(self.deleteLater)
