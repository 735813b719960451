"""Variants as points on two axes, with the frontier, the limits, and names that do not cover each other.

The best are linked by a line and drawn in the accent; the recommended one is a star, the chosen one is
ringed, so that colour never stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.formats import short_name
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
_SHADE_ALPHA = 20


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
    """

    id: str
    name: str
    x: float
    y: float
    on_frontier: bool = False
    is_out: bool = False
    text: str = ""


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
        self._shades = (pg.QtWidgets.QGraphicsRectItem(), pg.QtWidgets.QGraphicsRectItem())
        self._lines = (pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0))
        self._limit_words = (pg.TextItem(), pg.TextItem())
        self._frontier = pg.PlotCurveItem(antialias=True)
        self._spots = pg.ScatterPlotItem(antialias=True, useCache=False)  # sharp in an enlarged picture too
        marks = (self._grid, self._frontier, self._spots)
        for part in (*self._shades, *self._lines, *marks, *self._limit_words):
            item.addItem(part, ignoreBounds=True)
        for line in self._lines:
            line.setZValue(1)  # above the grid
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
            spread([point.x for point in points], log=x_axis.is_log),
            spread([point.y for point in points], log=y_axis.is_log),
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
        colours = theme().tokens
        shade = QColor(colours.bad)
        shade.setAlpha(_SHADE_ALPHA)
        x_spread, y_spread = self._spreads
        shown = []
        for place, (axis, found) in enumerate(zip(self._axes, self._spreads, strict=True)):
            line, area = self._lines[place], self._shades[place]
            at = found.place(axis.limit) if axis.limit is not None else math.inf
            is_inside = found.low < at < found.high
            line.setVisible(is_inside)
            area.setVisible(is_inside)
            shown.append(is_inside)
            if not is_inside:
                continue
            line.setValue(at)
            line.setPen(pg.mkPen(colours.bad, width=1, style=Qt.PenStyle.DashLine))
            low, high = (at, found.high) if axis.over_is_bad else (found.low, at)
            if place == 0:
                area.setRect(QRectF(low, y_spread.low, high - low, y_spread.high - y_spread.low))
            else:  # what is shaded already is not shaded twice
                left, right = x_spread.low, x_spread.high
                if shown[0] and self._axes[0].over_is_bad:
                    right = self._lines[0].value()
                elif shown[0]:
                    left = self._lines[0].value()
                area.setRect(QRectF(left, low, right - left, high - low))
            area.setPen(pg.mkPen(None))
            area.setBrush(shade)
        self._name_limits(shown)

    def _name_limits(self, shown: Sequence[bool]) -> None:
        """Says in each shaded area on which side of its limit that is."""
        assert self._axes is not None
        assert self._spreads is not None
        x_spread, y_spread = self._spreads
        x_over, y_over = (axis.over_is_bad for axis in self._axes)
        font = QFont(self.font())
        font.setPixelSize(_LABEL_PX)
        for word, axis, is_shown in zip(self._limit_words, self._axes, shown, strict=True):
            word.setVisible(is_shown)
            side = self.tr("over your limit") if axis.over_is_bad else self.tr("below your limit")
            word.setText(side, theme().tokens.bad)
            word.setFont(font)
        across, upright = self._limit_words
        across.setAnchor((0.0 if x_over else 1.0, 1.0))
        across.setPos(self._lines[0].value(), y_spread.low)  # at the foot, as names of good ones stand above
        at_left = shown[0] and x_over  # beside the other area, not in it
        upright.setAnchor((0.0 if at_left else 1.0, 1.0 if y_over else 0.0))
        upright.setPos(x_spread.low if at_left else x_spread.high, self._lines[1].value())

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
        lines += [_box(word.sceneBoundingRect()) for word in self._limit_words if word.isVisible()]
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

    def image(self, size: QSize) -> QPixmap:
        """The picture as it is shown, at least so large."""
        own = self.canvas.size()
        scale = max(size.width() / max(own.width(), 1), size.height() / max(own.height(), 1), 1.0)
        made = QPixmap(self.canvas.size() * scale)
        made.fill(QColor(theme().tokens.surface))
        made.setDevicePixelRatio(scale)
        self.canvas.viewport().render(made)
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
