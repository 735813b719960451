"""A choice and a line of text, each below its label."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label


class ChoiceField(QWidget):
    """One of several values, and a note about it."""

    chosen = Signal(str)

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.box = QComboBox(self)
        self.box.setAccessibleName(label)
        self.box.setMinimumHeight(CONTROL_HEIGHT)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.currentIndexChanged.connect(self._on_changed)
        self.note = Label("", "note", wrap=True)
        self.note.hide()
        title = Label(label)
        title.setBuddy(self.box)
        for widget in (title, self.box, self.note):
            column.addWidget(widget)

    def set_choices(self, choices: list[tuple[str, str]]) -> None:
        """Values with their words."""
        blocked = self.box.blockSignals(True)
        self.box.clear()
        for value, text in choices:
            self.box.addItem(text, value)
        self.box.blockSignals(blocked)

    def choose(self, value: str) -> None:
        """Shows a value without a signal."""
        blocked = self.box.blockSignals(True)
        self.box.setCurrentIndex(max(self.box.findData(value), 0))
        self.box.blockSignals(blocked)

    def value(self) -> str:
        """The value shown."""
        return str(self.box.currentData() or "")

    def set_note(self, text: str) -> None:
        """A sentence below; none when empty."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    @Slot()
    def _on_changed(self) -> None:
        self.chosen.emit(self.value())


class TextField(QWidget):
    """A line of text."""

    edited = Signal(str)

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.line = QLineEdit(self)
        self.line.setAccessibleName(label)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.editingFinished.connect(self._on_edited)
        title = Label(label, wrap=True)
        title.setBuddy(self.line)
        column.addWidget(title)
        column.addWidget(self.line)

    def show_text(self, text: str, suggestion: str) -> None:
        """Shows a text, unless the person types in it, and a suggestion in grey."""
        if not self.line.hasFocus():
            self.line.setText(text)
        self.line.setPlaceholderText(suggestion)

    @Slot()
    def _on_edited(self) -> None:
        self.edited.emit(self.line.text())
