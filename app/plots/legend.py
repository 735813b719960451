"""What a curve is called, and a piece of its line beside the name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.layouts import set_margins
from app.theme import theme
from app.widgets.labels import Label

#: Curves of one plot differ by these too, never by colour alone.
PEN_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


@dataclass(frozen=True)
class Curve:
    """One curve of a plot.

    Attributes:
        key: Its name in `add_point`.
        label: What the legend says.
        series: Number of its colour, from 0 to 4.
        sparse: Few points, each marked by a dot.
        smooth: Noisy: the curve itself is drawn lightly, and a smooth line over it.
    """

    key: str
    label: str
    series: int
    sparse: bool = False
    smooth: bool = False


class LegendKey(QWidget):
    """One entry of a legend."""

    def __init__(self, curve: Curve, style: Qt.PenStyle, parent: QWidget) -> None:
        super().__init__(parent)
        self._series, self._style = curve.series, style
        self.label = curve.label
        row = QHBoxLayout(self)
        set_margins(row, 20, 0, 0, 0)
        row.addWidget(Label(curve.label, "note"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A short piece of the curve's line before its name."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(theme().tokens.series[self._series % 5]), 2, self._style))
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        area = QRectF(self.width() - 15 if rtl else 0, 0, 15, self.height())
        painter.drawLine(area.left(), area.center().y(), area.right(), area.center().y())
        painter.end()
