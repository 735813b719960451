"""Variants as points on two axes, with the frontier, the limits, and names that do not cover each other.

The best are linked by a line and drawn in the accent; the recommended one is a star, the chosen one is
ringed, so that colour never stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.formats import short_name
from app.plots.limit_marks import Limit, LimitMarks
from app.plots.spread import Spread, spread
from app.plots.still_canvas import StillCanvas
from app.theme import theme
from app.tokens import mix
from app.widgets.labels import ElidedLabel
from core.models.board.label_places import Box, along, places

_NEAR_PX = 16.0
_RADIUS = 6.0
_LABEL_PX = 11
_LONGEST_NAME = 28
_SAID_PX = 12


@dataclass(frozen=True)
class Axis:
    """One axis of the picture.

    Attributes:
        label: What it measures, with unit.
        is_log: Whether equal distances are equal factors.
        text: A mark in words.
        scale: A figure is shown divided by this.
        limit: The value that is not to be crossed, in the figure's own unit.
        over_is_bad: Whether what is above the limit is out, or what is below.
    """

    label: str
    is_log: bool
    text: Callable[[float], str]
    scale: float = 1.0
    limit: float | None = None
    over_is_bad: bool = True


@dataclass(frozen=True)
class Point:
    """One variant.

    Attributes:
        id: Which one.
        name: What stands beside it.
        x: Its figure on the lower axis.
        y: Its figure on the other one.
        on_frontier: Whether no other is better on both.
        is_out: Whether it misses a limit.
        text: All of it in a line.
        x_interval: Ends of the figure's 95 % interval on the lower axis; empty where it has none.
        y_interval: The same on the other one.
    """

    id: str
    name: str
    x: float
    y: float
    on_frontier: bool = False
    is_out: bool = False
    text: str = ""
    x_interval: tuple[float, ...] = ()
    y_interval: tuple[float, ...] = ()


class TradePlot(QWidget):
    """The picture, and above it a line that says what is under the pointer.

    Signals:
        chosen: Id of the point that was clicked; empty for a click beside all of them.
    """

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(300)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._points: tuple[Point, ...] = ()
        self._axes: tuple[Axis, Axis] | None = None
        self._spreads: tuple[Spread, Spread] | None = None
        self._chosen = self._recommended = self._hovered = ""
        self.canvas = StillCanvas(self)
        self.canvas.pointed.connect(self._on_pointed)
        self.canvas.left.connect(self._on_left)
        self.canvas.clicked.connect(self._on_clicked)
        self.canvas.resized.connect(self._place_names)
        self.said = ElidedLabel("", "note", parent=self)
        self._build()
        theme().changed.connect(self.redraw)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas takes all but the line above."""
        super().resizeEvent(event)
        height = self.said.sizeHint().height()
        self.said.setGeometry(0, 0, self.width(), height)
        self.canvas.setGeometry(0, height + 2, self.width(), self.height() - height - 2)

    def _build(self) -> None:
        item = self.canvas.getPlotItem()
        self._grid = pg.PlotCurveItem(connect="pairs", antialias=False)
        self._limits = LimitMarks()
        self._intervals = pg.PlotCurveItem(connect="pairs", antialias=False)
        self._frontier = pg.PlotCurveItem(antialias=True)
        self._spots = pg.ScatterPlotItem(antialias=True, useCache=False)  # sharp in an enlarged picture too
        behind, marks = (*self._limits.shades, *self._limits.lines), self._limits.words
        for part in (*behind, self._grid, self._intervals, self._frontier, self._spots, *marks):
            item.addItem(part, ignoreBounds=True)
        self._names: list[pg.TextItem] = []

    # --- what is shown ---

    def show_points(
        self, points: Sequence[Point], x_axis: Axis, y_axis: Axis, recommended: str, chosen: str
    ) -> None:
        """Shows other points or marks; nothing is drawn anew when they are the same."""
        new = (tuple(points), (x_axis, y_axis), recommended, chosen)
        if new == (self._points, self._axes, self._recommended, self._chosen):
            return
        renamed = [(point.id, point.name) for point in points] != [
            (point.id, point.name) for point in self._points
        ]
        self._points, self._axes, self._recommended, self._chosen = new
        self._spreads = (
            spread([end for item in points for end in (item.x, *item.x_interval)], log=x_axis.is_log),
            spread([end for item in points for end in (item.y, *item.y_interval)], log=y_axis.is_log),
        )
        if renamed:
            self._rename()
        self.redraw()

    def redraw(self) -> None:
        """Draws axes, limits, frontier, points and names in the colours of the theme in use."""
        colours = theme().tokens
        self.canvas.setBackground(QColor(colours.surface))
        if self._axes is None or self._spreads is None:
            return
        x_spread, y_spread = self._spreads
        item = self.canvas.getPlotItem()
        item.setXRange(x_spread.low, x_spread.high, padding=0)
        item.setYRange(y_spread.low, y_spread.high, padding=0)
        self._draw_axes()
        self._draw_limits()
        self._draw_intervals()
        best = sorted((point for point in self._points if point.on_frontier), key=lambda point: point.x)
        self._frontier.setData([x_spread.place(p.x) for p in best], [y_spread.place(p.y) for p in best])
        self._frontier.setPen(pg.mkPen(colours.accent, width=2))
        self._draw_spots()
        self._place_names()
        self._say()

    def _draw_axes(self) -> None:
        assert self._axes is not None
        assert self._spreads is not None
        colours = theme().tokens
        item = self.canvas.getPlotItem()
        font = QFont(self.font())
        font.setPixelSize(_LABEL_PX)
        for name, axis, found in zip(("bottom", "left"), self._axes, self._spreads, strict=True):
            side = item.getAxis(name)
            side.setTicks([[(found.place(mark), axis.text(mark / axis.scale)) for mark in found.marks]])
            side.setPen(pg.mkPen(colours.surface))
            side.setTextPen(pg.mkPen(colours.muted))
            side.setTickFont(font)
        item.setLabel("bottom", self._axes[0].label, color=colours.muted, **{"font-size": f"{_LABEL_PX}px"})
        item.setLabel("left", self._axes[1].label, color=colours.muted, **{"font-size": f"{_LABEL_PX}px"})
        x_spread, y_spread = self._spreads
        heights = [y_spread.place(mark) for mark in y_spread.marks for _end in range(2)]
        self._grid.setData([x_spread.low, x_spread.high] * len(y_spread.marks), heights)
        self._grid.setPen(pg.mkPen(colours.border, width=1))

    def _draw_limits(self) -> None:
        assert self._axes is not None
        assert self._spreads is not None
        over, below = self.tr("over your limit"), self.tr("below your limit")
        limits = [
            Limit(found.place(axis.limit), axis.over_is_bad, over if axis.over_is_bad else below)
            if axis.limit is not None
            else None
            for axis, found in zip(self._axes, self._spreads, strict=True)
        ]
        font = QFont(self.font())
        font.setPixelSize(_LABEL_PX)
        self._limits.show(limits, self._spreads, font)

    def _draw_intervals(self) -> None:
        assert self._spreads is not None
        (x_spread, y_spread), ends = self._spreads, list[tuple[float, float]]()
        for point in self._points:
            x, y = x_spread.place(point.x), y_spread.place(point.y)
            ends += [(x_spread.place(end), y) for end in point.x_interval]
            ends += [(x, y_spread.place(end)) for end in point.y_interval]
        self._intervals.setData([x for x, _y in ends], [y for _x, y in ends])
        self._intervals.setPen(pg.mkPen(theme().tokens.border, width=2))

    def _draw_spots(self) -> None:
        assert self._spreads is not None
        colours = theme().tokens
        x_spread, y_spread = self._spreads
        spots = []
        for point in self._points:
            colour = colours.accent if point.on_frontier else colours.series1
            if point.is_out:
                colour = mix(colour, colours.surface, 0.45)
            is_star = point.id == self._recommended
            is_marked = point.id in (self._chosen, self._hovered)
            spots.append(
                {
                    "pos": (x_spread.place(point.x), y_spread.place(point.y)),
                    "size": 20 if is_star else 2 * _RADIUS,
                    "symbol": "star" if is_star else "o",
                    "brush": pg.mkBrush(colour),
                    "pen": pg.mkPen(colours.text if is_marked else colours.surface, width=2),
                }
            )
        self._spots.setData(spots=spots)

    # --- names ---

    def _rename(self) -> None:
        item = self.canvas.getPlotItem()
        for old in self._names:
            item.removeItem(old)
        self._names = [pg.TextItem(anchor=(0.0, 0.0)) for _point in self._points]
        for text in self._names:
            text.setZValue(5)
            item.addItem(text, ignoreBounds=True)

    def _place_names(self) -> None:
        """Gives each name a free place; the marked ones choose first, then the frontier."""
        if self._spreads is None or not self._points:
            return
        colours = theme().tokens
        font = QFont(self.font())
        font.setPixelSize(_LABEL_PX)
        metrics = QFontMetricsF(font)
        view = self.canvas.getPlotItem().getViewBox()
        area = view.sceneBoundingRect()
        centres = [self._in_scene(point) for point in self._points]
        shown = [short_name(point.name, _LONGEST_NAME) for point in self._points]
        sizes = [(metrics.horizontalAdvance(text) + 4, metrics.height()) for text in shown]
        best = [at for at, point in zip(centres, self._points, strict=True) if point.on_frontier]
        lines = along(sorted(best), _LABEL_PX / 2)
        lines += [_box(word.sceneBoundingRect()) for word in self._limits.words if word.isVisible()]
        boxes = places(centres, sizes, self.order(), _box(area), _RADIUS + 2, lines)
        marked = {self._chosen, self._hovered, self._recommended}
        for point, text, item, box in zip(self._points, shown, self._names, boxes, strict=True):
            item.setVisible(box is not None)
            if box is None:
                continue
            item.setFont(font)
            item.setText(text, colours.text if point.id in marked or not point.is_out else colours.muted)
            # A text item keeps a margin of its own around the letters.
            inset = item.textItem.document().documentMargin()
            item.setPos(view.mapSceneToView(QPointF(box.x + 2 - inset, box.y - inset)))

    def order(self) -> list[int]:
        """Places of the points, those that matter most first."""
        marked = {self._chosen, self._hovered, self._recommended} - {""}
        return sorted(
            range(len(self._points)),
            key=lambda place: (
                self._points[place].id not in marked,
                self._points[place].is_out,
                not self._points[place].on_frontier,
            ),
        )

    def _in_scene(self, point: Point) -> tuple[float, float]:
        assert self._spreads is not None
        x_spread, y_spread = self._spreads
        view = self.canvas.getPlotItem().getViewBox()
        place = view.mapViewToScene(QPointF(x_spread.place(point.x), y_spread.place(point.y)))
        return place.x(), place.y()

    def image(self, size: QSize, said: str = "") -> QPixmap:
        """The picture as it is shown, at least so large, below some sentences."""
        own, colours = self.canvas.size(), theme().tokens
        scale = max(size.width() / max(own.width(), 1), size.height() / max(own.height(), 1), 1.0)
        font = QFont(self.font())
        font.setPixelSize(_SAID_PX)
        room = QRect(_SAID_PX, _SAID_PX, own.width() - 2 * _SAID_PX, 1)
        box = QFontMetrics(font).boundingRect(room, Qt.TextFlag.TextWordWrap, said) if said else QRect()
        top = box.height() + 2 * _SAID_PX if said else 0
        made = QPixmap(QSize(own.width(), own.height() + top) * scale)
        made.fill(QColor(colours.surface))
        made.setDevicePixelRatio(scale)
        painter = QPainter(made)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        painter.drawText(room.adjusted(0, 0, 0, box.height()), Qt.TextFlag.TextWordWrap, said)
        self.canvas.viewport().render(painter, QPoint(0, top))
        painter.end()
        return made

    def name_boxes(self) -> list[QRectF]:
        """Where the names stand that are shown, in the scene."""
        return [item.sceneBoundingRect() for item in self._names if item.isVisible()]

    # --- the pointer ---

    def point_at(self, scene: QPointF) -> str:
        """Id of the nearest point; empty where none is near."""
        best, found = _NEAR_PX, ""
        for point in self._points:
            x, y = self._in_scene(point)
            distance = math.hypot(x - scene.x(), y - scene.y())
            if distance < best:
                best, found = distance, point.id
        return found

    def place_of(self, point_id: str) -> QPointF:
        """Where a point stands, in the scene of the canvas."""
        point = next(point for point in self._points if point.id == point_id)
        return QPointF(*self._in_scene(point))

    def _on_pointed(self, scene: QPointF) -> None:
        self._hover(self.point_at(scene))

    def _on_left(self) -> None:
        self._hover("")

    def _hover(self, hovered: str) -> None:
        if hovered != self._hovered and self._spreads is not None:
            self._hovered = hovered
            self._draw_spots()
            self._place_names()
            self._say()

    def _on_clicked(self, scene: QPointF) -> None:
        self.chosen.emit(self.point_at(scene))

    def _say(self) -> None:
        key = self._hovered or self._chosen
        text = next((point.text for point in self._points if point.id == key), "")
        hint = self.tr("Click a point to choose it. The line links those that no other one betters.")
        self.said.set_full_text(text or hint)
        self.setAccessibleDescription(text or hint)


def _box(area: QRectF) -> Box:
    return Box(area.x(), area.y(), area.width(), area.height())
