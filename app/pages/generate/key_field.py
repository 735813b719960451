"""The line into which a key is typed: never shown, never kept by the widget once it was taken."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.theme import restyle
from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label
from core.errors import WorkbenchError
from core.jobs import keys


class KeyField(QWidget):
    """A password line; what is wrong with the key stands below it.

    Args:
        note: What an empty line means.
        parent: Owner.
    """

    edited = Signal()

    def __init__(self, note: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        title = Label(self.tr("Key"))
        self.line = QLineEdit(self)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.setAccessibleName(self.tr("Key"))
        self.line.textEdited.connect(self.edited)
        title.setBuddy(self.line)
        where = self.tr(
            "It is kept in the system's keyring, or where there is none until you close the program; "
            "never in a file."
        )
        self.note = Label(f"{note} {where}", "note", wrap=True)
        self.problem = Label("", "error", wrap=True)
        self.problem.hide()
        for widget in (title, self.line, self.note, self.problem):
            column.addWidget(widget)

    def check(self) -> bool:
        """Whether what was typed can be a key, or is empty; says what is wrong."""
        said = ""
        if self.line.text().strip():
            try:
                keys.checked(self.line.text())
            except WorkbenchError as error:
                said = f"{error.what} {error.why}"
        self.problem.setText(said)
        self.problem.setVisible(bool(said))
        restyle(self.line, invalid=bool(said))
        return not said

    def take(self) -> str:
        """The key, which the line then holds no more."""
        key = self.line.text().strip()
        self.line.clear()
        return key
