"""A table of small squares, each as dark as its value, with a mark in it; one is named at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.safety import safe_override
from app.theme import theme, tokens
from app.tokens import FONT_NOTE, mix

_ROW, _FOOT, _GAP, _WIDEST = 30, 22, 2, 34
_SIDE = 64
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
        shade: From 0 (pale) to 1 (dark).
        mark: What is written in it.
        strong: Whether it stands out by a frame.
        text: What it is, in a sentence.
    """

    column: int
    row: int
    shade: float
    mark: str
    strong: bool
    text: str


class HeatMap(QWidget):
    """Squares in rows and columns, which are numbered below; columns run from left to right as numbers do.

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
        self._columns = 0
        self._cells: dict[tuple[int, int], Cell] = {}
        self._current: tuple[int, int] | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_cells(self, rows: Sequence[str], columns: int, cells: Sequence[Cell], description: str) -> None:
        """Shows other squares.

        Args:
            rows: Names of the rows, from the top.
            columns: How many columns there are.
            cells: The squares that are known.
            description: The whole picture in words.
        """
        self._rows, self._columns = list(rows), columns
        self._cells = {(cell.column, cell.row): cell for cell in cells}
        self.setAccessibleDescription(description)
        self.setFixedHeight(len(self._rows) * _ROW + _FOOT)
        self.updateGeometry()
        self.update()

    def cell_at(self, place: QPointF) -> Cell | None:
        """The square at a place of the widget."""
        width = self._cell_width()
        if place.x() < _SIDE or not width:
            return None
        return self._cells.get((int((place.x() - _SIDE) // width), int(place.y() // _ROW)))

    def place_of(self, column: int, row: int) -> QPointF:
        """The middle of a square."""
        return QPointF(_SIDE + (column + 0.5) * self._cell_width(), (row + 0.5) * _ROW)

    def _cell_width(self) -> float:
        return min((self.width() - _SIDE) / self._columns, _WIDEST) if self._columns else 0.0

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """Room for a readable square each."""
        return QSize(_SIDE + 18 * max(self._columns, 1), max(len(self._rows), 1) * _ROW + _FOOT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Rows from the top, columns from the left whatever the reading direction."""
        colours, width = tokens(), self._cell_width()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        font = QFont(self.font())
        font.setPixelSize(FONT_NOTE)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        for at, name in enumerate(self._rows):
            box = QRectF(0, at * _ROW, _SIDE - 8, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        every = 1 if width >= 24 else 5
        for column in range(0, self._columns, every):
            box = QRectF(_SIDE + column * width - 10, len(self._rows) * _ROW, width + 20, _FOOT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(column))
        for cell in self._cells.values():
            self._paint(painter, cell, width)
        painter.end()

    def _paint(self, painter: QPainter, cell: Cell, width: float) -> None:
        colours = tokens()
        ground = mix(colours.series2, colours.surface, 0.1 + 0.75 * min(max(cell.shade, 0.0), 1.0))
        box = QRectF(
            _SIDE + cell.column * width + _GAP / 2, cell.row * _ROW + _GAP / 2, width - _GAP, _ROW - _GAP
        )
        current = (cell.column, cell.row) == self._current
        edge = colours.text if current or cell.strong else ground
        painter.setPen(QPen(QColor(edge), 2.5 if current else 1.2))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3)
        font = QFont(painter.font())
        font.setBold(cell.strong)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
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
