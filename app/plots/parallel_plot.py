"""Parallel coordinates: one upright axis a setting, one line a trial, coloured by how good it is.

The better a line, the nearer its colour is to the accent; the best one is also thicker, and the chosen one
is drawn in full text colour, so that colour never stands alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme
from app.tokens import mix
from app.widgets.card import Card
from app.widgets.labels import ElidedLabel

_NEAR_PX = 14.0
_TOP, _BOTTOM = 1.24, -0.1
_GROUND_ALPHA = 200


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        title: What it measures.
        low: Value at the foot.
        high: Value at the top.
        log: Whether equal distances are equal factors.
        marks: Values that are named.
    """

    title: str
    low: float
    high: float
    log: bool = False
    marks: tuple[tuple[float, str], ...] = ()

    def place(self, value: float) -> float:
        """Height of a value, from 0 to 1."""
        low, high = self.low, self.high
        if self.log and min(low, value) > 0:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return 0.5 if high <= low else min(max((value - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True)
class Thread:
    """One line over the axes.

    Attributes:
        number: Its trial.
        values: A value an axis; None ends the line before that axis.
        quality: From 0 (worst) to 1 (best); None for a trial that does not count.
        text: What it is, for the line above the plot.
    """

    number: int
    values: tuple[float | None, ...]
    quality: float | None
    text: str


class ParallelPlot(Card):
    """Axes side by side; a line under the pointer is named, a click chooses it.

    Signals:
        trial_chosen: Number of the trial whose line was clicked.
    """

    trial_chosen = Signal(int)

    def __init__(self, title: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent=parent)
        self._hint = hint
        self._axes: list[Axis] = []
        self._threads: list[Thread] = []
        self._chosen = 0
        self._hovered = 0
        self.said = ElidedLabel(hint, "note")
        self.add(self.said)
        self.plot = pg.PlotWidget(self)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.plot.getPlotItem()
        item.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.hideAxis("left")
        item.hideAxis("bottom")
        self.add(self.plot, 1)
        self.setMinimumHeight(330)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.plot.scene().sigMouseMoved.connect(self._on_moved)
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)
        theme().changed.connect(self.redraw)
        self.redraw()

    def show_trials(self, axes: list[Axis], threads: list[Thread]) -> None:
        """Shows other lines; nothing is drawn anew when they are the same."""
        if axes != self._axes or threads != self._threads:
            self._axes, self._threads = axes, threads
            self.redraw()

    def choose(self, number: int) -> None:
        """Marks a trial's line; 0 marks none."""
        if number != self._chosen:
            self._chosen = number
            self.redraw()

    @property
    def chosen(self) -> int:
        """The marked trial, or 0."""
        return self._chosen

    def line_at(self, x: float, y: float) -> int:
        """The trial whose line is nearest to a place in the plot's own coordinates; 0 when none is near."""
        box = self.plot.getPlotItem().getViewBox()
        px, py = box.viewPixelSize()
        best, found = _NEAR_PX, 0
        for thread in self._threads:
            xs, ys = self._points(thread)
            if len(xs) > 1 and xs[0] <= x <= xs[-1]:
                distance = abs(float(np.interp(x, xs, ys)) - y) / max(py, 1e-9)
            elif len(xs):
                distance = math.hypot((xs[-1] - x) / max(px, 1e-9), (ys[-1] - y) / max(py, 1e-9))
            else:
                continue
            if distance < best:
                best, found = distance, thread.number
        return found

    def redraw(self) -> None:
        """Draws axes and lines in the colours of the theme in use."""
        colours = theme().tokens
        item = self.plot.getPlotItem()
        self.plot.setBackground(QColor(colours.surface))
        item.clear()
        last = max(len(self._axes) - 1, 1)
        item.setXRange(-0.35, last + 0.45, padding=0)
        item.setYRange(_BOTTOM, _TOP, padding=0)
        font = QFont(self.font())
        font.setPixelSize(11)
        for place, axis in enumerate(self._axes):
            item.addItem(pg.PlotCurveItem([place, place], [0, 1], pen=pg.mkPen(colours.border, width=1)))
            # The first title has less room at its start than the others.
            self._write(axis.title, place, 1.05, (0.5 if place else 0.3, 1.0), colours.text, font)
            for value, text in axis.marks:
                self._write(text, place + 0.02, axis.place(value), (0.0, 0.5), colours.muted, font, True)
        marked = {self._chosen, self._hovered} - {0}
        order = sorted(
            self._threads,
            key=lambda thread: (thread.number in marked, -1 if thread.quality is None else thread.quality),
        )
        for thread in order:
            xs, ys = self._points(thread)
            pen = self._pen(thread, thread.number in marked)
            item.addItem(pg.PlotCurveItem(xs, ys, pen=pen, antialias=True))
        self._say()

    def _points(self, thread: Thread) -> tuple[list[float], list[float]]:
        xs: list[float] = []
        ys: list[float] = []
        for place, (axis, value) in enumerate(zip(self._axes, thread.values, strict=True)):
            if value is None:
                break
            xs.append(float(place))
            ys.append(axis.place(value))
        return xs, ys

    def _pen(self, thread: Thread, is_marked: bool) -> object:
        colours = theme().tokens
        if is_marked:
            return pg.mkPen(colours.text, width=3)
        if thread.quality is None:
            return pg.mkPen(colours.faint, width=1, style=Qt.PenStyle.DotLine)
        colour = mix(colours.accent, colours.track, 0.15 + 0.85 * thread.quality**2)
        return pg.mkPen(colour, width=3 if thread.quality == 1 else 1)

    def _write(
        self, text: str, x: float, y: float, anchor: tuple[float, float], colour: str, font: QFont,
        on_lines: bool = False,
    ) -> None:  # fmt: skip
        label = pg.TextItem(text, color=colour, anchor=anchor)
        if on_lines:  # the lines go behind the words
            ground = QColor(theme().tokens.surface)
            ground.setAlpha(_GROUND_ALPHA)
            label.fill = pg.mkBrush(ground)
            label.setZValue(10)
        label.setFont(font)
        label.setPos(x, y)
        self.plot.getPlotItem().addItem(label)

    def _say(self) -> None:
        number = self._hovered or self._chosen
        text = next((thread.text for thread in self._threads if thread.number == number), self._hint)
        self.said.set_full_text(text)
        self.setAccessibleDescription(text)

    def _on_moved(self, position: QPointF) -> None:
        place = self.plot.getPlotItem().getViewBox().mapSceneToView(position)
        hovered = self.line_at(place.x(), place.y())
        if hovered != self._hovered:
            self._hovered = hovered
            self.redraw()

    def _on_clicked(self, event: object) -> None:
        position = event.scenePos()  # type: ignore[attr-defined] # pyqtgraph's own event
        place = self.plot.getPlotItem().getViewBox().mapSceneToView(position)
        number = self.line_at(place.x(), place.y())
        if number:
            self.choose(number)
            self.trial_chosen.emit(number)
