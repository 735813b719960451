"""Which add-ons the small model serves beside its base."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from app.formats import short_name
from app.models.library import ModelItem
from app.tokens import SPACE_XS
from app.widgets.labels import Label


class ServingList(QWidget):
    """A box for every add-on over the chosen model.

    Signals:
        toggled: Id of an add-on, and whether it comes along.
    """

    toggled = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QCheckBox] = {}
        self._shown: list[tuple[str, str]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_XS)
        self._column.addWidget(Label(self.tr("Serve add-ons beside it")))
        note = self.tr("One small base then speaks with each of them, about a fifth slower.")
        self._column.addWidget(Label(note, "note", wrap=True))

    def show_adapters(self, items: Sequence[ModelItem], chosen: Sequence[str]) -> None:
        """Shows the add-ons and which are taken."""
        shown = [(item.id, item.name) for item in items]
        if shown != self._shown:
            self._shown = shown
            for box in self.boxes.values():
                box.hide()
                box.deleteLater()
            self.boxes = {item.id: self._box(item) for item in items}
        for artifact, box in self.boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(artifact in chosen)
            box.blockSignals(blocked)

    def _box(self, item: ModelItem) -> QCheckBox:
        box = QCheckBox(short_name(item.name, 40), self)
        box.setObjectName(item.id)
        box.toggled.connect(self._on_toggled)
        self._column.addWidget(box)
        return box

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        self.toggled.emit(self.sender().objectName(), on)
