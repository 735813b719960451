"""A limit that is set by a slider: what it is and its value above, no limit at one end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.tokens import SPACE_S, SPACE_XS
from app.widgets.labels import Label

_HEIGHT = 24


class LimitSlider(QWidget):
    """Label and value in a line, a slider below.

    Args:
        label: What is limited, such as `Answers within`.
        text: A value with its unit; of None the words for no limit.
        parent: Owner.

    Signals:
        changed: The person set another limit; `limit` holds it.
    """

    changed = Signal()

    def __init__(
        self, label: str, text: Callable[[float | None], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._label = label
        self._text = text
        self._steps: list[float | None] = [None]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.head = Label(label)
        self.value = Label("", "strong")
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self.head, 1)
        row.addWidget(self.value)
        column.addLayout(row)
        self.slider = _Slider(Qt.Orientation.Horizontal, self)
        self.slider.setMinimumHeight(_HEIGHT)
        self.slider.setPageStep(4)
        self.head.setBuddy(self.slider)
        self.slider.valueChanged.connect(self._on_slid)
        column.addWidget(self.slider)
        self._say()

    @property
    def limit(self) -> float | None:
        """The value at which it stands; None for no limit."""
        return self._steps[self.slider.value()]

    def set_label(self, label: str) -> None:
        """Changes what is limited."""
        self._label = label
        self.head.setText(label)
        self._say()

    def set_steps(self, steps: Sequence[float | None], place: int) -> None:
        """Shows other values at which it can stand, without a signal."""
        self._steps = list(steps)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(self._steps) - 1)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self.setEnabled(len(self._steps) > 1)
        self._say()

    @Slot(int)
    def _on_slid(self, _place: int) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        text = self._text(self.limit)
        self.value.setText(text)
        self.slider.setAccessibleName(f"{self._label}: {text}")


class _Slider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page."""
        event.ignore()
