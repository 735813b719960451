"""A value of a row, to be read and written anew."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QVBoxLayout, QWidget

from app.pages.data.reading import FieldAt
from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.buttons import LinkButton
from app.widgets.labels import Label

_LINES_HEIGHT, _LONG_HEIGHT, _LONG_TEXT = 72, 160, 160


class ValueField(QWidget):
    """A value under its name: lines of text, or one of the data's labels."""

    edited = Signal(object, str)

    def __init__(self, field: FieldAt, name: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        title = Label(name)
        column.addWidget(title)
        self.box: QComboBox | None = None
        self.lines: QPlainTextEdit | None = None
        if field.choices:
            self.box = QComboBox(self)
            self.box.addItems(list(dict.fromkeys([*field.choices, field.text])))
            self.box.setCurrentText(text)
            self.box.setMinimumHeight(CONTROL_HEIGHT)
            self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.box.currentIndexChanged.connect(self._on_edited)
        else:
            self.lines = QPlainTextEdit(text, self)
            self.lines.setTabChangesFocus(True)
            self.lines.setFixedHeight(_LONG_HEIGHT if len(text) > _LONG_TEXT else _LINES_HEIGHT)
            self.lines.textChanged.connect(self._on_edited)
        self.control: QWidget = self.box or self.lines or self
        self.control.setAccessibleName(name)
        title.setBuddy(self.control)
        column.addWidget(self.control)
        self.back_button = LinkButton(self.tr("As it was"), "rotate-ccw", self)
        self.back_button.setAccessibleName(self.tr("{field}: as it was").format(field=name))
        self.back_button.clicked.connect(self._on_back)
        self.back_button.setVisible(text != field.text)
        column.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def text(self) -> str:
        """What stands there now."""
        if self.box is not None:
            return self.box.currentText()
        return self.lines.toPlainText() if self.lines is not None else ""

    @Slot()
    def _on_edited(self) -> None:
        self.back_button.setVisible(self.text != self.field.text)
        self.edited.emit(self.field, self.text)

    @Slot()
    def _on_back(self) -> None:
        if self.box is not None:
            self.box.setCurrentText(self.field.text)
        elif self.lines is not None:
            self.lines.setPlainText(self.field.text)
