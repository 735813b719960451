"""Where the small model will run; what cannot be used here stays in the list with what it would take."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label
from core.models.targets import TARGETS


class TargetList(QWidget):
    """A choice among kinds of processors.

    Signals:
        chosen: Name of a target.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        label = Label(self.tr("Where will it run?"))
        self.box = QComboBox(self)
        self.box.setMinimumHeight(CONTROL_HEIGHT)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setAccessibleName(self.tr("Where will it run?"))
        label.setBuddy(self.box)
        for target in TARGETS.values():
            self.box.addItem(target.title, target.name)
        self.box.activated.connect(self._on_activated)
        self.note = Label("", "note", wrap=True)
        for widget in (label, self.box, self.note):
            column.addWidget(widget)

    def show_targets(self, obstacles: Mapping[str, str], chosen: str) -> None:
        """Shows what can be chosen.

        Args:
            obstacles: By target: what it would take here; empty where it can be used.
            chosen: The target that is taken.
        """
        model = self.box.model()
        for row in range(self.box.count()):
            name = str(self.box.itemData(row))
            needs, title = obstacles.get(name, ""), TARGETS[name].title
            text = self.tr("{target} – not here").format(target=title) if needs else title
            self.box.setItemText(row, text)
            takes = self.tr("It takes {needs}.").format(needs=needs) if needs else ""
            self.box.setItemData(row, takes, Qt.ItemDataRole.ToolTipRole)
            self.box.setItemData(row, takes, Qt.ItemDataRole.AccessibleDescriptionRole)
            if isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(not needs)
        self.box.setCurrentIndex(self.box.findData(chosen))
        others = [TARGETS[name].title for name, needs in obstacles.items() if needs]
        text = self.tr("This computer's runtime does not know: {others}. Point at one to see what it takes.")
        self.note.setText(text.format(others=", ".join(others)) if others else "")
        self.note.setVisible(bool(others))

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        self.chosen.emit(str(self.box.itemData(row)))
