"""A small plot of bars: how often each range occurs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.formats import count_text
from app.safety import safe_override
from app.theme import tokens
from app.tokens import FONT_NOTE

_HEIGHT, _FOOT, _HEAD = 120, 20, 16


class Bars(QWidget):
    """Bars between borders; the first and the last border are named below, the most frequent count above.

    Args:
        name: What is counted, read aloud.
        parent: Owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._edges: list[int] = []
        self._counts: list[int] = []
        self._unit = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """Wide enough to read."""
        return QSize(240, _HEIGHT)

    def show_counts(self, edges: list[int], counts: list[int], unit: str) -> None:
        """Shows `counts[i]` between `edges[i]` and `edges[i + 1]`.

        Args:
            edges: One more than counts, rising.
            counts: How often each range occurs.
            unit: Unit of the edges.
        """
        self._edges, self._counts, self._unit = edges, counts, unit
        parts = [
            f"{first}–{last}: {count}"
            for first, last, count in zip(edges, edges[1:], counts, strict=False)
            if count
        ]
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(", ".join(parts))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars from the left, whatever the reading direction: it is an axis of numbers."""
        if not self._counts:
            return
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(FONT_NOTE)
        painter.setFont(font)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        base, top = self.height() - _FOOT, max(self._counts)
        step = self.width() / len(self._counts)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.series1))
        for place, count in enumerate(self._counts):
            height = (base - _HEAD) * count / top
            if count:
                painter.drawRoundedRect(
                    QRectF(place * step + 1, base - max(height, 2), step - 2, max(height, 2)), 2, 2
                )
        painter.setPen(QColor(colours.border))
        painter.drawLine(0, base, self.width(), base)
        painter.setPen(QColor(colours.muted))
        foot = QRectF(0, base + 2, self.width(), _FOOT - 2)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, count_text(self._edges[0]))
        middle = self._edges[len(self._edges) // 2]
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, count_text(middle))
        last = f"{count_text(self._edges[-1])} {self._unit}"
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, last)
        painter.end()
