"""The card in which the models to measure are ticked."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from app.formats import breakable, short_name
from app.models.library import ModelItem
from app.pages.input_card import model_facts, receipt_mark
from app.tokens import SPACE_S
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.elided_box import ElidedCheckBox
from app.widgets.labels import ElidedLabel, Label
from app.widgets.pill import Pill


class ModelsCard(Card):
    """One box a model, in the order of their making.

    Signals:
        toggled: Id of a model, and whether it is measured.
        change_requested: The card is to be opened again.
        add_requested: There is no model yet, and the person wants one.
    """

    toggled = Signal(str, bool)
    change_requested = Signal()
    add_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("Models"))
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change the models"))
        self.change_button.clicked.connect(self.change_requested)
        self.add_action(self.change_button)
        self.body_widget = QWidget(self)
        self._column = QVBoxLayout(self.body_widget)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_S)
        self.nothing = Label(self.tr("There is no model to measure yet."), wrap=True)
        self.add_button = PlainButton(self.tr("Add the starter model"), "plus", self)
        self.add_button.clicked.connect(self.add_requested)
        for widget in (self.body_widget, self.nothing, self.add_button):
            self.add(widget)
        self.boxes: dict[str, QCheckBox] = {}
        self._items: list[ModelItem] = []

    def show_models(self, items: list[ModelItem], chosen: list[ModelItem], is_open: bool) -> None:
        """Shows the models with their ticks, or in a line what was chosen."""
        if items != self._items:
            self._items = items
            self._rebuild()
        ids = {item.id for item in chosen}
        for key, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(key in ids)
            box.blockSignals(False)
        note = self.tr("Tick the models to measure. The oldest is what the others are compared with.")
        self.set_note(note if is_open else breakable(" · ".join(short_name(item.name) for item in chosen)))
        self.body_widget.setVisible(is_open and bool(items))
        self.nothing.setVisible(is_open and not items)
        self.add_button.setVisible(is_open and not items)
        self.change_button.setVisible(not is_open)

    def _rebuild(self) -> None:
        for box in self.boxes.values():
            line = box.parentWidget()
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.boxes = {}
        for item in self._items:
            line = QWidget(self.body_widget)
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            box = ElidedCheckBox(item.name, line)
            box.setObjectName(item.id)
            box.toggled.connect(self._on_toggled)
            row.addWidget(box)
            word, tone = receipt_mark(item)
            box.setAccessibleDescription(" · ".join(filter(None, (word, model_facts(item)))))
            if word:
                row.addWidget(Pill(word, tone, line))
            row.addWidget(ElidedLabel(model_facts(item), "muted"), 1)
            self._column.addWidget(line)
            self.boxes[item.id] = box

    def _on_toggled(self, on: bool) -> None:
        self.toggled.emit(self.sender().objectName(), on)
