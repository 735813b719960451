"""A table of counts as a picture: the more often, the stronger the colour; every count stands in its cell."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.safety import safe_override
from app.theme import tokens
from app.tokens import FONT_NOTE, SPACE_S, mix

_CELL, _SMALLEST_CELL, _WIDEST_NAME, _HEAD_LETTERS = 30, 20, 190, 0.62
_GAP = 2


class ConfusionMap(QWidget):
    """Rows and columns with the same names; the diagonal is what is as it should be.

    Columns are numbered as the rows are, so that long names need no turned text.

    Args:
        name: What is counted, read aloud.
        cell_text: Says a cell in words: `{row}`, `{column}` and `{count}` are filled in.
        parent: Owner.
    """

    def __init__(self, name: str, cell_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell_text = cell_text
        self._names: list[str] = []
        self._counts: list[list[int]] = []
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, names: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """Shows `counts[row][column]`; names of rows and columns are the same."""
        self._names, self._counts = list(names), [list(row) for row in counts]
        self.setAccessibleDescription(
            ". ".join(
                self._said(row, column)
                for row in range(len(names))
                for column in range(len(names))
                if self._counts[row][column] and row != column
            )
        )
        self.setFixedHeight(_CELL * (len(self._names) + 1) + _GAP)
        self.setMaximumWidth(int(self._left() + _CELL * len(self._names)) + 1)
        self.updateGeometry()
        self.update()

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """As wide as its names and cells."""
        return QSize(int(self._left() + _CELL * len(self._names)), self.height())

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """No cell is left out; they are narrower where there is less room."""
        return QSize(int(self._left() + _SMALLEST_CELL * len(self._names)), self.height())

    def cell_at(self, x: float, y: float) -> str:
        """The cell under a place, in words; empty beside the cells."""
        column, row = int((x - self._left()) // self._width()), int(y // _CELL) - 1
        inside = 0 <= row < len(self._names) and 0 <= column < len(self._names)
        return self._said(row, column) if inside else ""

    @safe_override(False)
    def event(self, event: QEvent) -> bool:
        """Says the cell under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.cell_at(event.x(), event.y()), self)
            return True
        return bool(super().event(event))

    def _said(self, row: int, column: int) -> str:
        return self._cell_text.format(
            row=self._names[row], column=self._names[column], count=self._counts[row][column]
        )

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(FONT_NOTE)
        return font

    def _left(self) -> float:
        """Width of the names with their numbers."""
        metrics = QFontMetricsF(self._font())
        widths = [metrics.horizontalAdvance(self._titled(place)) for place in range(len(self._names))]
        return min(max(widths, default=0.0), _WIDEST_NAME) + SPACE_S

    def _width(self) -> float:
        """Width of a cell."""
        return min(_CELL, max(_SMALLEST_CELL, (self.width() - self._left()) / max(1, len(self._names))))

    def _titled(self, place: int) -> str:
        return f"{self._names[place]}  {place + 1}"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names at the left, numbers above, a count in every cell that has one."""
        if not self._names:
            return
        colours, left, wide = tokens(), self._left(), self._width()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        painter.setFont(self._font())
        metrics = QFontMetricsF(self._font())
        right_edge = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        middle = Qt.AlignmentFlag.AlignCenter
        painter.setPen(QColor(colours.muted))
        for place, name in enumerate(self._names):
            painter.drawText(QRectF(left + place * wide, 0, wide, _CELL), middle, str(place + 1))
            number = f"  {place + 1}"
            room = left - SPACE_S - metrics.horizontalAdvance(number)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            box = QRectF(0, (place + 1) * _CELL, left - SPACE_S, _CELL)
            painter.drawText(box, right_edge, shown + number)
        most = max(max(row) for row in self._counts) or 1
        for row, counts in enumerate(self._counts):
            for column, count in enumerate(counts):
                box = QRectF(left + column * wide, (row + 1) * _CELL, wide - _GAP, _CELL - _GAP)
                strength = 0.15 + 0.75 * (count / most) ** 0.5 if count else 0.0
                tone = colours.good if row == column else colours.warn
                ground = mix(tone, colours.surface, strength) if count else colours.background
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(ground))
                painter.drawRoundedRect(box, 3, 3)
                if count:
                    painter.setPen(QColor(colours.surface if strength > _HEAD_LETTERS else colours.text))
                    painter.drawText(box, middle, str(count))
        painter.end()
