"""A card with curves that grow while a job runs: title, legend, the newest value in large type.

Drawn at most ten times a second, not at all while hidden, from preallocated buffers, one `setData` a curve.
Pens are 1 px wide: 2 px cost ten times as much at 10,000 points when measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.formats import number_text
from app.plots.buffer import PointBuffer
from app.plots.legend import PEN_STYLES, Curve, LegendKey
from app.plots.readout import Canvas, Readout
from app.plots.scale import ceiling, ticks
from app.plots.smoothing import SmoothLine
from app.plots.still_canvas import hold_still
from app.theme import theme
from app.tokens import SPACE_L, mix
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.tabs import Tabs

_TICK_MS = 100
_ROOM_X, _ROOM_Y = 0.02, 0.04  # of the axis, so that dots and the ring at its ends are whole


class LivePlot(Card):
    """Curves over steps or seconds.

    Args:
        title: What is measured.
        curves: The curves; the first one's newest value stands at the end of the head.
        x_label: What goes along the bottom, for example `steps`.
        value_text: Turns that value into text with its unit.
        peak: Shows the largest value instead of the newest.
        columns: Entries of the legend in a row; all of them in one when 0.
        readout_text: Turns the value under the pointer into text; as `value_text` when left out.
        parent: Owner.
    """

    def __init__(
        self,
        title: str,
        curves: list[Curve],
        *,
        x_label: str = "",
        value_text: Callable[[float], str] = number_text,
        peak: bool = False,
        columns: int = 0,
        readout_text: Callable[[float], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent=parent)
        self._outer.setContentsMargins(14, 12, 14, 8)
        self._outer.setSpacing(4)
        self._curves = curves
        self._value_text = value_text
        self._peak = peak
        self._buffers = {curve.key: PointBuffer() for curve in curves}
        self._items: dict[str, pg.PlotDataItem] = {}
        self._lines = {curve.key: SmoothLine() for curve in curves if curve.smooth}
        self._line_items: dict[str, pg.PlotDataItem] = {}
        self._marked: tuple[float, float, str] | None = None
        self._columns = columns
        self._limit: tuple[float, str] | None = None
        self._x_total = 0.0
        self._x_label = x_label
        self._broken_at: float | None = None
        self._dirty = False
        self.value = Label("", "value")
        self.add_action(self.value)
        self._legend()
        self.plot = Canvas(self)
        self._set_up_plot()
        styles = [PEN_STYLES[index % len(PEN_STYLES)] for index in range(len(curves))]
        self.readout = Readout(curves, styles, readout_text or value_text, self)
        self.plot.pointed.connect(self._on_pointed)
        self.plot.left.connect(self._on_left)
        self.add(self.plot, 1)
        self.setMinimumHeight(220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.refresh)
        theme().changed.connect(self.recolour)
        self.recolour()

    def _legend(self) -> None:
        self._keys: dict[str, LegendKey] = {}
        row = QGridLayout()
        row.setHorizontalSpacing(SPACE_L)
        row.setVerticalSpacing(0)
        columns = self._columns or len(self._curves)
        for index, curve in enumerate(self._curves):
            key = self._keys[curve.key] = LegendKey(curve, PEN_STYLES[index % len(PEN_STYLES)], self)
            row.addWidget(key, index // columns, index % columns)
        row.setColumnStretch(columns, 1)
        self.broken = Label("", "error")
        row.addWidget(self.broken, 0, columns + 1)
        self.add(row)

    def _set_up_plot(self) -> None:
        # Must come before the first curve: set on a curve, both are silently lost (pyqtgraph issue 1855).
        self.plot.setDownsampling(auto=True, mode="peak")
        self.plot.setClipToView(True)
        hold_still(self.plot)
        item = self.plot.getPlotItem()
        item.getAxis("left").setWidth(42)
        item.getAxis("bottom").setHeight(38)
        item.layout.setContentsMargins(0, 8, 16, 0)
        # One item for all lines across: the axis' own grid would hide the marks at both ends.
        self._grid_lines = pg.PlotCurveItem(connect="pairs", antialias=False)
        self.plot.addItem(self._grid_lines, ignoreBounds=True)
        self._limit_line = pg.InfiniteLine(angle=0)
        self._limit_text = pg.TextItem(anchor=(1.0, 1.0))
        for curve in self._curves:
            self._items[curve.key] = self.plot.plot([], [], connect="finite", antialias=True)
            if curve.smooth:
                self._line_items[curve.key] = self.plot.plot([], [], antialias=True)
        self._mark = pg.ScatterPlotItem(size=10, symbol="o", brush=None)
        self._mark_text = pg.TextItem(anchor=(0.5, 1.0))
        self._pointer_line = pg.InfiniteLine(angle=90)
        for item in (self._mark, self._mark_text, self._pointer_line):
            item.setVisible(False)
            item.setZValue(10)
            self.plot.addItem(item, ignoreBounds=True)

    def add_point(self, key: str, x: float, y: float) -> None:
        """Adds a point; it is drawn at the next tick. A value that is no number leaves a gap and is named."""
        if not math.isfinite(y):
            self._broken_at = x
        self._buffers[key].append(x, y)
        if key in self._lines:
            self._lines[key].append(x, y)
        self._touch()

    def clear(self) -> None:
        """Forgets all points."""
        for buffer in self._buffers.values():
            buffer.clear()
        for line in self._lines.values():
            line.clear()
        self._broken_at = None
        self.unmark()
        self._on_left()
        self._touch()

    def mark(self, x: float, y: float, text: str) -> None:
        """Rings a point and says why, such as the best step."""
        if self._marked == (x, y, text):
            return
        self._marked = (x, y, text)
        self._mark.setData([x], [y])
        self._mark_text.setText(text)
        self._mark.setVisible(True)
        self._mark_text.setVisible(True)
        self.recolour()
        self._touch()

    def unmark(self) -> None:
        """Takes the ring away."""
        self._marked = None
        self._mark.setVisible(False)
        self._mark_text.setVisible(False)

    @property
    def marked(self) -> str:
        """What the ring says, or an empty text."""
        return self._marked[2] if self._marked else ""

    def name_curves(self, keys: Container[str]) -> None:
        """Names only these in the legend; the others will get no points."""
        for name, key in self._keys.items():
            key.setVisible(name in keys)

    def set_tabs(self, tabs: Tabs) -> None:
        """Puts tabs in the place of the title."""
        self.title_label.hide()
        self._head.insertWidget(0, tabs)

    def set_limit(self, value: float, label: str) -> None:
        """Draws a dashed line that should not be crossed, with its meaning in words."""
        if self._limit is None:
            self.plot.addItem(self._limit_line, ignoreBounds=True)
            self.plot.addItem(self._limit_text, ignoreBounds=True)
        self._limit = (value, label)
        self._limit_line.setValue(value)
        self.recolour()
        self._touch()

    def set_x_total(self, total: float) -> None:
        """Fixes the end of the x axis, so that one sees how much is left."""
        self._x_total = total
        for key, line in self._lines.items():
            line.set_steps(total, self._buffers[key])
        self._touch()

    def points(self, key: str) -> PointBuffer:
        """The buffer of a curve."""
        return self._buffers[key]

    def _touch(self) -> None:
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Draws what has come since the last tick."""
        if not self._dirty:
            self._timer.stop()
            return
        self._dirty = False
        x_end, top = self._x_total, 0.0
        for key, buffer in self._buffers.items():
            self._items[key].setData(buffer.x, buffer.y)
            if len(buffer):
                x_end = max(x_end, float(buffer.x[-1]))
                finite = buffer.y[buffer.y < math.inf]
                top = max(top, float(finite.max(initial=0.0)))
        for key, line in self._lines.items():
            self._line_items[key].setData(*line.drawn())
        if self._limit is not None:
            top = max(top, self._limit[0] * 1.04)
        self._set_axis("bottom", x_end or 1.0, end_shown=True)
        marks = self._set_axis("left", ceiling(top) if top > 0 else 1.0, end_shown=False)
        self._grid_lines.setData(
            np.tile((0.0, x_end or 1.0), len(marks)), np.repeat(np.asarray(marks, dtype=np.float64), 2)
        )
        if self._limit is not None:
            self._limit_text.setPos(x_end or 1.0, self._limit[0])
        if self._marked is not None:
            self._place_mark(x_end or 1.0)
        self._say_value()

    def _place_mark(self, x_end: float) -> None:
        """The ring's words stand above it, and inside the chart."""
        assert self._marked is not None
        x, y, _text = self._marked
        self._mark_text.setAnchor((0.0 if x < 0.12 * x_end else 1.0 if x > 0.88 * x_end else 0.5, 1.3))
        self._mark_text.setPos(x, y)

    def _on_pointed(self, x: float, place: QPointF) -> None:
        found = next((buffer for buffer in self._buffers.values() if len(buffer)), None)
        if found is None:
            return
        nearest = found.x[found.place(x)]
        values = {key: self._value_at(key, float(nearest)) for key in self._buffers}
        self._pointer_line.setValue(nearest)
        self._pointer_line.setVisible(True)
        head = f"{self._x_label} {number_text(float(nearest))}".strip()
        self.readout.show_values(head, values, QPointF(self.plot.mapTo(self, place.toPoint())))

    def _value_at(self, key: str, x: float) -> float | None:
        """A curve's value at x; the smooth line's where it has one; None before its first point."""
        buffer = self._buffers[key]
        if not len(buffer) or x < buffer.x[0]:
            return None
        return self._lines[key].at(x) if key in self._lines else buffer.nearest(x)

    def _on_left(self) -> None:
        self._pointer_line.setVisible(False)
        self.readout.hide()

    def _set_axis(self, name: str, end: float, *, end_shown: bool) -> list[float]:
        if name == "bottom":
            self.plot.setXRange(0.0, end * (1 + _ROOM_X), padding=0.0)
        else:
            self.plot.setYRange(-end * _ROOM_Y, end * (1 + _ROOM_Y), padding=0.0)
        marks = ticks(end, end_shown=end_shown)
        digits = ".0f" if end > 20 else ".3g"
        named = [(value, format(value, digits)) for value in marks]
        self.plot.getPlotItem().getAxis(name).setTicks([named])
        return marks

    def _say_value(self) -> None:
        first = self._buffers[self._curves[0].key]
        line = self._lines.get(self._curves[0].key)
        value = first.largest if self._peak else line.last if line is not None else first.last
        text = self._value_text(value) if value is not None else ""
        self.value.setText(text)
        self.setAccessibleDescription(text)
        if self._broken_at is None:
            self.broken.setText("")
        else:
            self.broken.setText(self.tr("not a number at {x}").format(x=f"{self._broken_at:g}"))

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what came while hidden."""
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Draws nothing while nobody sees it."""
        super().hideEvent(event)
        self._timer.stop()

    def recolour(self) -> None:
        """Takes the colours of the theme in use."""
        colours = theme().tokens
        self.plot.setBackground(QColor(colours.surface))
        font = QFont(self.font())
        font.setPixelSize(11)
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(None))
            axis.setTickPen(pg.mkPen(colours.surface))  # without a colour, dots stay where ticks would be
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.setStyle(tickFont=font)
        style = {"color": colours.muted, "font-size": "11px"}
        self.plot.getPlotItem().getAxis("bottom").setLabel(self._x_label, **style)
        self._grid_lines.setPen(pg.mkPen(colours.border, width=1))
        for index, curve in enumerate(self._curves):
            colour = colours.series[curve.series % 5]
            item = self._items[curve.key]
            raw = QColor(mix(colour, colours.surface, 0.35)) if curve.smooth else QColor(colour)
            style = PEN_STYLES[index % len(PEN_STYLES)]
            item.setPen(pg.mkPen(raw, width=1, style=Qt.PenStyle.SolidLine if curve.smooth else style))
            if curve.smooth:
                self._line_items[curve.key].setPen(pg.mkPen(colour, width=2, style=style))
            if curve.sparse:
                item.setSymbol("o")
                item.setSymbolSize(4)
                item.setSymbolBrush(colour)
                item.setSymbolPen(None)
        self._mark.setPen(pg.mkPen(colours.text, width=2))
        self._mark_text.setColor(colours.text)
        self._mark_text.setFont(font)
        self._pointer_line.setPen(pg.mkPen(colours.muted, width=1))
        if self._limit is not None:
            self._limit_line.setPen(pg.mkPen(colours.bad, width=1, style=Qt.PenStyle.DashLine))
            self._limit_text.setText(self._limit[1], color=colours.bad)
            self._limit_text.setFont(font)
        self.update()
