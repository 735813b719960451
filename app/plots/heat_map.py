"""Small squares in rows and columns, each as strong in colour as its value; one is named at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.safety import safe_override
from app.theme import theme, tokens
from app.tokens import FONT_NOTE, SPACE_S, contrast, mix

Tone = Literal["good", "warn", "series2"]
_ROW, _GAP, _WIDEST, _NARROWEST, _WIDEST_NAME = 30, 2, 34, 18, 190
#: From so narrow on, only each fifth column has its number.
_NUMBERED = 20
_MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True)
class Cell:
    """One square.

    Attributes:
        column: Its place from the left, from 0.
        row: Its place from the top, from 0.
        shade: From 0 (the page's own colour) to 1 (all of its tone).
        mark: What is written in it.
        text: What it is, in a sentence.
        strong: Whether it stands out by a frame.
        tone: Its colour.
    """

    column: int
    row: int
    shade: float
    mark: str
    text: str
    strong: bool = False
    tone: Tone = "series2"


class HeatMap(QWidget):
    """Squares in rows and columns, which have numbers above; columns run from left to right as numbers do.

    Args:
        name: What it shows, read aloud.
        parent: Owner.

    Signals:
        named: The sentence of the square under the pointer or the keyboard; empty for none.
    """

    named = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[str] = []
        self._columns: list[str] = []
        self._cells: dict[tuple[int, int], Cell] = {}
        self._current: tuple[int, int] | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_cells(
        self, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Cell], description: str
    ) -> None:
        """Shows other squares.

        Args:
            rows: Names of the rows, from the top.
            columns: Numbers of the columns, from the left.
            cells: The squares that are known.
            description: The whole picture in words.
        """
        self._rows, self._columns = list(rows), list(columns)
        self._cells = {(cell.column, cell.row): cell for cell in cells}
        if self._current not in self._cells:
            self._name(None)
        self.setAccessibleDescription(description)
        self.setFixedHeight((len(self._rows) + 1) * _ROW + _GAP)
        self.updateGeometry()
        self.update()

    def cell_at(self, place: QPointF) -> Cell | None:
        """The square at a place of the widget."""
        width, x = self._cell_width(), place.x() - self._left()
        if x < 0 or place.y() < _ROW or not width:
            return None
        return self._cells.get((int(x // width), int(place.y() // _ROW) - 1))

    def place_of(self, column: int, row: int) -> QPointF:
        """The middle of a square."""
        return QPointF(self._left() + (column + 0.5) * self._cell_width(), (row + 1.5) * _ROW)

    def _cell_width(self) -> float:
        if not self._columns:
            return 0.0
        return min(_WIDEST, max(_NARROWEST, (self.width() - self._left()) / len(self._columns)))

    def _left(self) -> float:
        """Width of the rows' names."""
        metrics = QFontMetricsF(self._font())
        widest = max(map(metrics.horizontalAdvance, self._rows), default=0.0)
        return min(widest, _WIDEST_NAME) + SPACE_S

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(FONT_NOTE)
        return font

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """As wide as its names and squares may be."""
        return QSize(int(self._left() + _WIDEST * len(self._columns)), self.height())

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """No square is left out; they are narrower where there is less room."""
        return QSize(int(self._left() + _NARROWEST * len(self._columns)), self.height())

    @safe_override(False)
    def event(self, event: QEvent) -> bool:
        """Says the square under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), cell.text if cell is not None else "", self)
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Rows from the top, columns from the left whatever the reading direction."""
        colours, left, width = tokens(), self._left(), self._cell_width()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        painter.setFont(self._font())
        painter.setPen(QColor(colours.muted))
        metrics = QFontMetricsF(self._font())
        for at, name in enumerate(self._rows):
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, left - SPACE_S)
            box = QRectF(0, (at + 1) * _ROW, left - SPACE_S, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)
        every = 1 if width >= _NUMBERED else 5
        for column in range(0, len(self._columns), every):
            box = QRectF(left + column * width - SPACE_S, 0, width + 2 * SPACE_S, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._columns[column])
        for cell in self._cells.values():
            self._paint(painter, cell, left, width)
        painter.end()

    def _paint(self, painter: QPainter, cell: Cell, left: float, width: float) -> None:
        colours = tokens()
        shade = min(max(cell.shade, 0.0), 1.0)
        ground = mix(getattr(colours, cell.tone), colours.surface if shade else colours.background, shade)
        box = QRectF(
            left + cell.column * width + _GAP / 2,
            (cell.row + 1) * _ROW + _GAP / 2,
            width - _GAP,
            _ROW - _GAP,
        )
        current = (cell.column, cell.row) == self._current
        edge = colours.text if current or cell.strong else ground
        painter.setPen(QPen(QColor(edge), 2.5 if current else 1.2))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3)
        font = QFont(painter.font())
        font.setBold(cell.strong)
        painter.setFont(font)
        letters = max((colours.text, colours.surface), key=lambda colour: contrast(colour, ground))
        painter.setPen(QColor(letters))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, cell.mark)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Names the square under the pointer."""
        cell = self.cell_at(event.position())
        self._name((cell.column, cell.row) if cell else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Names none."""
        self._name(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from square to square."""
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        column, row = self._current or (-move[0], -move[1])
        wanted = (column + move[0], row + move[1])
        if wanted in self._cells:
            self._name(wanted)

    def _name(self, place: tuple[int, int] | None) -> None:
        if place != self._current:
            self._current = place
            self.named.emit(self._cells[place].text if place else "")
            self.update()
