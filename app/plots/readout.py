"""What the curves say where the pointer is: a small sheet beside it, and a line across the chart."""

from __future__ import annotations

from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from app.plots.legend import Curve, LegendKey
from app.tokens import SPACE_L, SPACE_S, SPACE_XS
from app.widgets.labels import Label


class Canvas(pg.PlotWidget):
    """The chart itself; says where the pointer is over it.

    Signals:
        pointed: x of the chart under the pointer, and the pointer's place in the widget.
        left: The pointer is gone.
    """

    pointed = Signal(float, QPointF)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Says what x is under the pointer."""
        super().mouseMoveEvent(event)
        box = self.getPlotItem().getViewBox()
        place = self.mapToScene(event.position().toPoint())
        if QRectF(box.sceneBoundingRect()).contains(place):
            self.pointed.emit(box.mapSceneToView(place).x(), event.position())
        else:
            self.left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Says that the pointer is gone."""
        super().leaveEvent(event)
        self.left.emit()


class Readout(QFrame):
    """Each curve's name and value; lets the pointer through.

    Args:
        curves: The curves in order.
        styles: Pen style of each.
        value_text: A value with its unit.
        parent: The chart's card.
    """

    def __init__(
        self,
        curves: list[Curve],
        styles: list[Qt.PenStyle],
        value_text: Callable[[float], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setProperty("card", "readout")
        self._value_text = value_text
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACE_S + 2, SPACE_S - 2, SPACE_S + 2, SPACE_S - 2)
        grid.setVerticalSpacing(SPACE_XS - 2)
        grid.setHorizontalSpacing(SPACE_L)
        self.head = Label("", "note", parent=self)
        grid.addWidget(self.head, 0, 0, 1, 2)
        self._rows: dict[str, tuple[LegendKey, Label]] = {}
        for index, curve in enumerate(curves):
            key, value = LegendKey(curve, styles[index], self), Label("", "strong", parent=self)
            value.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(key, index + 1, 0)
            grid.addWidget(value, index + 1, 1)
            self._rows[curve.key] = (key, value)
        self.hide()

    def show_values(self, head: str, values: dict[str, float | None], place: QPointF) -> None:
        """Shows values beside a place of the parent, where there is room; hides without any."""
        for name, (key, label) in self._rows.items():
            value = values.get(name)
            label.setText("" if value is None else self._value_text(value))
            key.setVisible(value is not None)
            label.setVisible(value is not None)
        if all(value is None for value in values.values()):
            self.hide()
            return
        self.head.setText(head)
        self.adjustSize()
        gap, room = 14, self.parentWidget().size()
        x = place.x() + gap
        if x + self.width() > room.width() - gap:
            x = place.x() - gap - self.width()
        y = min(max(place.y() - self.height() / 2, 4.0), room.height() - self.height() - 4.0)
        self.move(round(max(4.0, x)), round(y))
        self.show()
        self.raise_()

    def text(self) -> str:
        """What is shown, a line each; empty while hidden."""
        if self.isHidden():
            return ""
        lines = [f"{key.label} {label.text()}" for key, label in self._rows.values() if not label.isHidden()]
        return "\n".join([self.head.text(), *lines])
