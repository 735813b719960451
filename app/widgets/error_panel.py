"""An error as a person needs it: what happened, why, what to do, and a report to copy."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from app.tokens import SPACE_S
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card
from app.widgets.error_text import ErrorText as ErrorText
from app.widgets.labels import Label
from app.widgets.pill import Pill


class ErrorPanel(Card):
    """A red-edged card; details open with one click."""

    action_requested = Signal()

    def __init__(
        self, error: ErrorText | None = None, *, action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(kind="bad", parent=parent)
        self._error = ErrorText("")
        self.add_action(Pill(self.tr("Error"), "bad", self))
        self.note_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fix_label = Label("", wrap=True, selectable=True)
        self.add(self.fix_label)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.action_button = PlainButton(action, parent=self)
        self.action_button.setVisible(bool(action))
        self.action_button.clicked.connect(self.action_requested)
        self.details_button = LinkButton(self.tr("Show details"), parent=self)
        self.details_button.clicked.connect(self.toggle_details)
        self.copy_button = LinkButton(self.tr("Copy report"), parent=self)
        self.copy_button.clicked.connect(self.copy_report)
        row.addWidget(self.action_button)
        row.addWidget(self.details_button)
        row.addWidget(self.copy_button)
        row.addStretch(1)
        self.add(row)
        self.details = QPlainTextEdit(self)
        self.details.setReadOnly(True)
        self.details.setProperty("role", "mono")
        self.details.setAccessibleName(self.tr("Technical details"))
        self.details.setMinimumHeight(140)
        self.details.hide()
        self.add(self.details)
        if error is not None:
            self.show_error(error)

    def show_error(self, error: ErrorText) -> None:
        """Shows another error."""
        self._error = error
        self.set_title(error.what)
        self.title_label.setWordWrap(True)
        self.set_note(error.why)
        self.fix_label.setText(error.fix)
        self.fix_label.setVisible(bool(error.fix))
        self.details.setPlainText(error.details)
        self.details.hide()
        self.details_button.setText(self.tr("Show details"))
        self.details_button.setVisible(bool(error.details))

    def toggle_details(self) -> None:
        """Opens or closes the technical text."""
        hidden = self.details.isHidden()
        self.details.setVisible(hidden)
        self.details_button.setText(self.tr("Hide details") if hidden else self.tr("Show details"))

    def copy_report(self) -> None:
        """Puts the report on the clipboard."""
        QGuiApplication.clipboard().setText(self._error.report())
        self.copy_button.setText(self.tr("Copied"))
