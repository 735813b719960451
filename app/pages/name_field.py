"""The field in which a person names a result."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.theme import restyle
from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label


class NameField(QWidget):
    """Label, line, and what is wrong with the name.

    Args:
        label: What is named.
        parent: Owner.
    """

    edited = Signal(str)

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        head = Label(label)
        self.line = QLineEdit(self)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.setMaxLength(100)
        self.line.setAccessibleName(label)
        self.line.textEdited.connect(self.edited)
        head.setBuddy(self.line)
        self.problem = Label("", "error", wrap=True)
        for widget in (head, self.line, self.problem):
            column.addWidget(widget)

    def show_name(self, name: str, blocker: str) -> None:
        """Shows the name unless it is just being typed.

        Args:
            name: The name as it counts.
            blocker: `name` or `name_taken` when it cannot be used; anything else is fine.
        """
        if not self.line.hasFocus() and self.line.text() != name:
            self.line.setText(name)
        self.line.setPlaceholderText(name)
        problem = {
            "name": self.tr(
                "A name has letters, digits, spaces or . _ - + and begins with a letter or digit."
            ),
            "name_taken": self.tr("This name is taken. Choose another."),
        }.get(blocker, "")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        restyle(self.line, invalid=bool(problem))
