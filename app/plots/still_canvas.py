"""A canvas that cannot be moved or zoomed, and says where the pointer is."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget


def hold_still(plot: pg.PlotWidget) -> None:
    """Two axes without marks of their own; nobody moves or zooms them."""
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
    item = plot.getPlotItem()
    item.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # RTL would move the y axis to the right
    item.setMenuEnabled(False)
    item.hideButtons()
    item.setMouseEnabled(False, False)
    item.getViewBox().setDefaultPadding(0.0)
    for name in ("left", "bottom"):
        axis = item.getAxis(name)
        axis.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0, hideOverlappingLabels=False)
        axis.enableAutoSIPrefix(False)


class StillCanvas(pg.PlotWidget):
    """Two axes without marks of their own.

    Signals:
        pointed: Where the pointer is, in the scene.
        left: It is there no more.
        clicked: Where it was pressed.
        resized: The room between the axes has another size.
    """

    pointed = Signal(QPointF)
    left = Signal()
    clicked = Signal(QPointF)
    resized = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        hold_still(self)
        item = self.getPlotItem()
        item.layout.setContentsMargins(0, 6, 12, 0)
        item.getViewBox().sigResized.connect(self._on_resized)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.mapToScene(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def _on_resized(self, _view: object) -> None:
        self.resized.emit()
