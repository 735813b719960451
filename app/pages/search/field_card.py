"""The card in which a person says which settings are tried, and between which values."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from app.i18n import spec_text
from app.models.search_words import field_word
from app.pages.search.view_model import FieldChoice
from app.theme import restyle
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_XS
from app.widgets.card import Card
from app.widgets.labels import Label
from core.specs import FinetuneSpec

_COLUMNS = 2


class FieldRow(QWidget):
    """One setting: whether it is searched, and its values.

    Signals:
        edited: Field, whether it is searched, and the values as typed.
    """

    edited = Signal(str, bool, str)

    def __init__(self, field: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.box = QCheckBox(field_word(field), self)
        self.line = QLineEdit(self)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        name = self.tr("Values to try: {setting}").format(setting=field_word(field))
        self.line.setAccessibleName(name)
        self.help = Label(spec_text(FinetuneSpec.model_fields[field].description or ""), "note", wrap=True)
        if field == "lora_alpha":
            self.help.setText(self.tr("How strongly the add-on speaks, as a multiple of the rank."))
        self.problem = Label("", "error", wrap=True)
        for widget in (self.box, self.line, self.help, self.problem):
            column.addWidget(widget)
        column.addStretch(1)
        self.box.toggled.connect(self._on_edited)
        self.line.textEdited.connect(self._on_edited)

    def show_choice(self, choice: FieldChoice) -> None:
        """Shows the choice; the line is left alone while someone types in it."""
        self.box.blockSignals(True)
        self.box.setChecked(choice.is_searched)
        self.box.blockSignals(False)
        if self.line.text() != choice.text:
            self.line.setText(choice.text)
        self.line.setEnabled(choice.is_searched)
        problem = choice.problem
        if problem == "numbers":
            problem = self.tr("Type two ends, such as 0.0002 – 0.005, or values, such as 4, 8, 16.")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.help.setVisible(not problem)
        restyle(self.line, invalid=bool(problem))

    @Slot()
    def _on_edited(self, *_: object) -> None:
        self.edited.emit(self._field, self.box.isChecked(), self.line.text())


class FieldCard(Card):
    """The settings in two columns."""

    edited = Signal(str, bool, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("What to try"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_L)
        self._grid.setVerticalSpacing(SPACE_L)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self.add(self._grid)
        self.rows: dict[str, FieldRow] = {}

    def show_fields(self, fields: dict[str, FieldChoice], shared: str) -> None:
        """Shows the settings of the method, and what all trials share."""
        self.set_note(shared)
        if list(fields) != list(self.rows):
            for row in self.rows.values():
                row.hide()
                row.deleteLater()
            self.rows = {}
            for index, field in enumerate(fields):
                row = FieldRow(field, self)
                row.edited.connect(self.edited)
                self.rows[field] = row
                self._grid.addWidget(row, index // _COLUMNS, index % _COLUMNS)
        for field, choice in fields.items():
            self.rows[field].show_choice(choice)
