"""What lies beyond the limits of two axes: a shaded area each, with a line and a word on which side it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont

from app.plots.spread import Spread
from app.theme import theme

_SHADE_ALPHA = 20


@dataclass(frozen=True)
class Limit:
    """A limit on one axis.

    Attributes:
        at: Where it is, in the coordinates of the plot.
        over_is_bad: Whether what is above it is out, or what is below.
        word: What stands in the shaded area.
    """

    at: float
    over_is_bad: bool
    word: str


class LimitMarks:
    """The marks of the level axis and of the upright one."""

    def __init__(self) -> None:
        self.shades = (pg.QtWidgets.QGraphicsRectItem(), pg.QtWidgets.QGraphicsRectItem())
        self.lines = (pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0))
        self.words = (pg.TextItem(), pg.TextItem())
        for line in self.lines:
            line.setZValue(1)  # above the grid

    def show(self, limits: Sequence[Limit | None], spreads: Sequence[Spread], font: QFont) -> None:
        """Shows the limits that lie inside the picture, in the colours of the theme in use."""
        inside = [
            limit if limit is not None and found.low < limit.at < found.high else None
            for limit, found in zip(limits, spreads, strict=True)
        ]
        colours = theme().tokens
        shade = QColor(colours.bad)
        shade.setAlpha(_SHADE_ALPHA)
        for limit, line, area, word in zip(inside, self.lines, self.shades, self.words, strict=True):
            for part in (line, area, word):
                part.setVisible(limit is not None)
            if limit is not None:
                line.setValue(limit.at)
                line.setPen(pg.mkPen(colours.bad, width=1, style=Qt.PenStyle.DashLine))
                area.setPen(pg.mkPen(None))
                area.setBrush(shade)
                word.setText(limit.word, colours.bad)
                word.setFont(font)
        self._place(inside[0], inside[1], spreads[0], spreads[1])

    def _place(self, across: Limit | None, upright: Limit | None, x: Spread, y: Spread) -> None:
        """Gives areas and words their places; what one area shades the other leaves."""
        left, right = x.low, x.high
        if across is not None:
            low, high = (across.at, right) if across.over_is_bad else (left, across.at)
            self.shades[0].setRect(QRectF(low, y.low, high - low, y.high - y.low))
            self.words[0].setAnchor((0.0 if across.over_is_bad else 1.0, 1.0))
            self.words[0].setPos(across.at, y.low)  # at the foot, as names of good ones stand above
            left, right = (left, low) if across.over_is_bad else (high, right)
        if upright is not None:
            low, high = (upright.at, y.high) if upright.over_is_bad else (y.low, upright.at)
            self.shades[1].setRect(QRectF(left, low, right - left, high - low))
            at_left = across is not None and across.over_is_bad
            self.words[1].setAnchor((0.0 if at_left else 1.0, 1.0 if upright.over_is_bad else 0.0))
            self.words[1].setPos(left if at_left else right, upright.at)
