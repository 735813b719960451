"""Asks with which other add-ons one is merged, how much of each, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QWidget,
)

from app.dialogs.head import begin
from app.formats import short_name
from app.models.library import ModelItem
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_M, SPACE_S
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.labels import Label

_STEPS = 20  # a slider goes from 0 to 1 in steps of a twentieth


class MergeDialog(QDialog):
    """One add-on becomes a whole model; several over the same base become one add-on or a whole model.

    Args:
        item: The add-on that was chosen.
        others: Those over the same base that can be summed with it.
        parent: The window.

    Signals:
        merge_wanted: Ids, weights, how, and what comes out.
    """

    merge_wanted = Signal(list, list, str, str)

    def __init__(self, item: ModelItem, others: Sequence[ModelItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = self.tr("Merge “{name}”").format(name=short_name(item.name))
        column = begin(self, title, 520)
        text = self.tr("Alone it becomes a whole model with its base. With others, the changes are added up.")
        column.addWidget(Label(text, "muted", wrap=True))
        self.rows = [_Row(item, True, self), *(_Row(other, False, self) for other in others)]
        self.rows[0].box.setEnabled(False)
        for row in self.rows:
            row.box.toggled.connect(self._show)
            row.setVisible(bool(others) or row is self.rows[0])
            column.addWidget(row)
        self.how = _combo(
            self.tr("How"),
            [
                ("cat", self.tr("Keep everything; the add-on grows")),
                ("svd", self.tr("Keep the size; small changes are lost")),
                ("ties", self.tr("Drop changes that contradict each other (TIES)")),
                ("dare_ties", self.tr("Drop changes by chance, then contradictions (DARE)")),
                ("linear", self.tr("Add the parts; fast and rough")),
            ],
            self,
        )
        self.into = _combo(
            self.tr("Result"),
            [("adapter", self.tr("One add-on over the same base")), ("model", self.tr("A whole model"))],
            self,
        )
        self.choices = QWidget(self)
        grid = QGridLayout(self.choices)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(SPACE_M)
        grid.setColumnStretch(1, 1)
        for at, combo in enumerate((self.how, self.into)):
            label = Label(combo.accessibleName())
            label.setBuddy(combo)
            grid.addWidget(label, at, 0)
            grid.addWidget(combo, at, 1)
        column.addWidget(self.choices)
        column.addSpacing(SPACE_L)
        foot = QHBoxLayout()
        foot.setSpacing(SPACE_S)
        foot.addStretch(1)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.merge_button = PrimaryButton(self.tr("Merge"), parent=self)
        self.merge_button.setDefault(True)
        self.merge_button.clicked.connect(self._on_merge)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.merge_button)
        column.addLayout(foot)
        self.finished.connect(self.deleteLater)
        self._show()

    @property
    def _chosen(self) -> list[_Row]:
        return [row for row in self.rows if row.box.isChecked()]

    @Slot()
    def _show(self) -> None:
        several = len(self._chosen) > 1
        for row in self.rows:
            row.slider.setEnabled(several and row.box.isChecked())
            row.show_weight(several)
        self.choices.setVisible(several)
        width = max(self.width(), self.minimumWidth())
        self.resize(width, self.layout().totalHeightForWidth(width))

    @Slot()
    def _on_merge(self) -> None:
        chosen = self._chosen
        several = len(chosen) > 1
        weights = [row.weight for row in chosen] if several else []
        into = str(self.into.currentData()) if several else "model"
        self.accept()
        self.merge_wanted.emit([row.item.id for row in chosen], weights, str(self.how.currentData()), into)


class _Row(QWidget):
    """An add-on with its weight."""

    def __init__(self, item: ModelItem, chosen: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        self.box = QCheckBox(short_name(item.name, 32), self)
        self.box.setChecked(chosen)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, _STEPS)
        self.slider.setValue(_STEPS // 2)
        self.slider.setFixedWidth(160)
        self.slider.setAccessibleName(self.tr("Weight of {name}").format(name=item.name))
        self.slider.valueChanged.connect(self._on_moved)
        self.label = Label("", "strong")
        self.label.setMinimumWidth(44)
        row.addWidget(self.box, 1)
        row.addWidget(self.slider)
        row.addWidget(self.label)

    @property
    def weight(self) -> float:
        """How much of it, 0 to 1."""
        return self.slider.value() / _STEPS

    def show_weight(self, counts: bool) -> None:
        """Shows the weight, or nothing where it does not count."""
        self.label.setText(f"{self.weight:.2f}" if counts and self.box.isChecked() else "")

    @Slot(int)
    def _on_moved(self, _value: int) -> None:
        self.show_weight(True)


def _combo(name: str, choices: Sequence[tuple[str, str]], parent: QWidget) -> QComboBox:
    combo = QComboBox(parent)
    combo.setMinimumHeight(CONTROL_HEIGHT)
    combo.setAccessibleName(name)
    for key, text in choices:
        combo.addItem(text, key)
    return combo
