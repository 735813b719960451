"""A number with a limit on both sides: to be dragged, or to be typed."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_S, SPACE_XS
from app.widgets.labels import Label

_STEPS = 1000
_SPIN_WIDTH = 132


class AmountField(QWidget):
    """Label, slider with a box beside it, and a note below.

    Args:
        label: What the number is.
        unit: What stands after it, such as ` MB`.
        parent: Owner.

    Signals:
        changed: The person set another number.
    """

    changed = Signal(float)

    def __init__(self, label: str, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        head = Label(label)
        self.slider = _Slider(Qt.Orientation.Horizontal, self)
        self.slider.setMinimumHeight(24)
        self.slider.setAccessibleName(label)
        self.slider.valueChanged.connect(self._on_slid)
        self.spin = _Spin(self)
        self.spin.setLocale(QLocale.c())  # as in every other field, numbers are typed with a point
        self.spin.setMinimumHeight(CONTROL_HEIGHT)
        self.spin.setFixedWidth(_SPIN_WIDTH)
        self.spin.setSuffix(unit)
        self.spin.lineEdit().setTextMargins(SPACE_S, 0, SPACE_S, 0)  # the sheet's padding does not reach it
        self.spin.setAccessibleName(label)
        self.spin.setKeyboardTracking(False)
        self.spin.setCorrectionMode(_Spin.CorrectionMode.CorrectToNearestValue)  # not back to what was there
        self.spin.valueChanged.connect(self._on_typed)
        head.setBuddy(self.spin)
        row = QHBoxLayout()
        row.setSpacing(SPACE_L)
        row.addWidget(self.slider, 1)
        row.addWidget(self.spin)
        self.note = Label("", "note", wrap=True)
        column.addWidget(head)
        column.addLayout(row)
        column.addWidget(self.note)

    def show_amount(self, least: float, most: float, value: float, decimals: int = 0) -> None:
        """Shows a number between two others, without a signal."""
        for part in (self.slider, self.spin):
            part.blockSignals(True)
        self.spin.setDecimals(decimals)
        self.spin.setRange(least, most)
        self.spin.setSingleStep(10.0**-decimals)
        self.spin.setValue(value)
        if decimals:
            self.slider.setRange(0, _STEPS)
            self.slider.setSingleStep(_STEPS // 100)
            self.slider.setPageStep(_STEPS // 10)
            self.slider.setValue(round((value - least) / max(most - least, 1e-9) * _STEPS))
        else:
            self.slider.setRange(round(least), round(most))
            self.slider.setSingleStep(1)
            self.slider.setPageStep(max(1, round((most - least) / 10)))
            self.slider.setValue(round(value))
        self.setEnabled(most > least)
        for part in (self.slider, self.spin):
            part.blockSignals(False)

    @Slot(int)
    def _on_slid(self, value: int) -> None:
        least, most = self.spin.minimum(), self.spin.maximum()
        self.spin.setValue(least + (most - least) * value / _STEPS if self.spin.decimals() else value)

    @Slot(float)
    def _on_typed(self, value: float) -> None:
        self.changed.emit(value)


class _Spin(QDoubleSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page."""
        event.ignore()


class _Slider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page."""
        event.ignore()
