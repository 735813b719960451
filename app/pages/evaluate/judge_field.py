"""The choice of who rates the answers."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.formats import short_name
from app.models.library import ModelItem
from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label


class JudgeField(QWidget):
    """A list of the models, those at an endpoint too; the first entry is nobody.

    Signals:
        chosen: Id of a model, or an empty text.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        column.addWidget(Label(self.tr("Judge: does someone rate the answers?"), "strong"))
        self.list = QComboBox(self)
        self.list.setMinimumHeight(CONTROL_HEIGHT)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setAccessibleName(self.tr("Judge that rates the answers"))
        self.list.currentIndexChanged.connect(self._on_chosen)
        column.addWidget(self.list)
        self.note = Label(
            self.tr(
                "A large model rates each answer from 1 to 5, beside your right answer. Useful where answers "
                "can be right in many words. What it looks at is the rubric, below Advanced."
            ),
            "note",
            wrap=True,
        )
        column.addWidget(self.note)
        self._items: list[ModelItem] | None = None

    def show_judges(self, items: list[ModelItem], chosen: ModelItem | None) -> None:
        """Shows who there is."""
        self.list.blockSignals(True)
        if items != self._items:
            self._items = items
            self.list.clear()
            self.list.addItem(self.tr("Nobody"), "")
            for item in items:
                text = self.tr("{name} (endpoint)") if item.is_endpoint else "{name}"
                self.list.addItem(text.format(name=short_name(item.name)), item.id)
        self.list.setCurrentIndex(max(0, self.list.findData(chosen.id if chosen else "")))
        self.list.blockSignals(False)

    @Slot(int)
    def _on_chosen(self, place: int) -> None:
        self.chosen.emit(str(self.list.itemData(place) or ""))
