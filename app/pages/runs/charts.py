"""The charts of a run: loss, agreement, memory, speed and more. Only those that have something to show.

Learning rate and gradient share the loss chart's place, behind tabs.
"""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.formats import number_text, rate_text, size_text
from app.models.run_record import MEMORY
from app.plots.live_plot import Curve, LivePlot
from app.tokens import SPACE_M
from app.widgets.tabs import Tabs

_GB = 1e9
#: What the charts show as another unit: gigabytes, percent.
_FACTORS = {MEMORY: 1 / _GB, "agreement": 100.0, "validation_agreement": 100.0, "validation_retention": 100.0}
#: Curves of the loss chart that only a distilling has.
_LOSS, _PARTS = ("loss", "validation_loss"), ("label_loss", "teacher_loss", "validation_teacher_loss")
_LEGEND_COLUMNS = 3  # of the loss chart, which may stand in half a narrow window
_ONE_ROW_HEIGHT, _NO_LIMIT = 320, 16_777_215
_A_LINE = 2  # points that a line needs
_LEAST_WIDTH, _TWO_COLUMNS_WIDTH = 300, 680


class RunCharts(QWidget):
    """Charts in two columns; a job that measures no loss has no loss chart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        steps, seconds = self.tr("steps"), self.tr("seconds")
        self.loss = LivePlot(
            self.tr("Loss"),
            [
                Curve("loss", self.tr("training"), 0, smooth=True),
                Curve("validation_loss", self.tr("validation"), 1, True),
                Curve("label_loss", self.tr("labels"), 2, smooth=True),
                Curve("teacher_loss", self.tr("teacher"), 3, smooth=True),
                Curve("validation_teacher_loss", self.tr("teacher, validation"), 4, True),
            ],
            x_label=steps,
            columns=_LEGEND_COLUMNS,
        )
        self.agreement = LivePlot(
            self.tr("Agreement with the teacher"),
            [
                Curve("agreement", self.tr("training"), 0, smooth=True),
                Curve("validation_agreement", self.tr("validation"), 1, True),
                Curve("validation_retention", self.tr("right, of the teacher's right"), 2, True),
            ],
            x_label=steps,
            value_text=self._percent_text,
            columns=_LEGEND_COLUMNS,
        )
        self.inside = LivePlot(
            self.tr("Distance to the teacher inside"),
            [
                Curve("hidden_loss", self.tr("hidden states"), 2, smooth=True),
                Curve("attention_loss", self.tr("attention"), 3, smooth=True),
            ],
            x_label=steps,
        )
        self.rate = LivePlot(
            self.tr("Learning rate"),
            [Curve("learning_rate", self.tr("size of a learning step"), 2)],
            x_label=steps,
            value_text=rate_text,
        )
        self.gradient = LivePlot(
            self.tr("Gradient"),
            [Curve("grad_norm", self.tr("length of the gradient"), 3, smooth=True)],
            x_label=steps,
        )
        self.memory = LivePlot(
            self.tr("Memory"),
            [Curve(MEMORY, self.tr("this job, all processes"), 2)],
            x_label=seconds,
            value_text=self._memory_text,
            peak=True,
            readout_text=self._size_text,
        )
        self.speed = LivePlot(
            self.tr("Speed"),
            [Curve("tokens_per_s", self.tr("tokens a second"), 3)],
            x_label=steps,
            value_text=self._speed_text,
        )
        self.latency = LivePlot(
            self.tr("Latency of an answer"),
            [
                Curve("latency_ms", self.tr("whole answer"), 0, True),
                Curve("first_token_ms", self.tr("first token"), 4, True),
            ],
            x_label=steps,
            value_text=self._latency_text,
        )
        self._plots = (self.loss, self.agreement, self.inside, self.memory, self.speed, self.latency)
        self._plot_of = {
            **dict.fromkeys((*_LOSS, *_PARTS), self.loss),
            "agreement": self.agreement,
            "validation_agreement": self.agreement,
            "validation_retention": self.agreement,
            "hidden_loss": self.inside,
            "attention_loss": self.inside,
            MEMORY: self.memory,
            "tokens_per_s": self.speed,
            "first_token_ms": self.latency,
            "latency_ms": self.latency,
            "learning_rate": self.rate,
            "grad_norm": self.gradient,
        }
        #: What stands in the place of the loss chart, by the key of its tab.
        self._learning = {"loss": self.loss, "rate": self.rate, "gradient": self.gradient}
        self.tabs = {key: self._tabs(plot) for key, plot in self._learning.items()}
        self._tab = "loss"
        self._has_parts = False
        self._shown: list[LivePlot] = []
        self._points: Counter[LivePlot] = Counter()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_M + 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._in_row = 2
        self.setMinimumWidth(_LEAST_WIDTH)  # else two columns would never get narrow enough for one
        for plot in (*self._plots, self.rate, self.gradient):
            plot.hide()

    def _tabs(self, plot: LivePlot) -> Tabs:
        titles = {"loss": self.tr("Loss"), "rate": self.tr("Learning rate"), "gradient": self.tr("Gradient")}
        tabs = Tabs(self.tr("Chart of the learning"), titles, plot)
        tabs.chosen.connect(self.choose)
        plot.set_tabs(tabs)
        return tabs

    def choose(self, key: str) -> None:
        """Shows loss, learning rate or gradient."""
        focused = self.tabs[self._tab].isAncestorOf(self.focusWidget()) if self.focusWidget() else False
        self._tab = key
        for name, tabs in self.tabs.items():
            tabs.choose(name)  # a click has checked another one
        self._show(self._shown)
        if focused:
            self.tabs[key].button(key).setFocus()

    def mark_best(self, step: int, loss: float) -> None:
        """Rings the best step on the validation curve."""
        self.loss.mark(step, loss, self.tr("best: step {step}").format(step=step))

    def begin(self, kind: str, memory_limit: int) -> None:
        """Clears the charts for a run of that kind; a training shows all of its own from the start."""
        for plot in (*self._plots, self.rate, self.gradient):
            plot.clear()
            plot.set_x_total(0)
        self._points.clear()
        self.show()
        self._tab = "loss"
        if memory_limit:
            self.memory.set_limit(memory_limit / _GB, self.tr("memory of this computer"))
        self._has_parts = kind == "distill"
        self.loss.name_curves((*_LOSS, *_PARTS) if self._has_parts else _LOSS)
        usual = [self.loss, self.memory, self.speed, self.latency]
        first = {"finetune": usual, "distill": [self.loss, self.agreement, *usual[1:]]}
        self._show(first.get(kind, [self.memory]))

    def leave_out_empty(self) -> None:
        """Hides the charts of a run that ended before they had a line to draw."""
        filled = [plot for plot in self._shown if self._points[plot] >= _A_LINE]
        if filled != self._shown:
            self._show(filled)
        self.setVisible(bool(filled))

    def set_steps(self, total: int) -> None:
        """Fixes the end of the step axes."""
        of_steps = [plot for plot in self._plots if plot is not self.memory]
        for plot in (*of_steps, self.rate, self.gradient):
            plot.set_x_total(total)

    def add_points(self, points: list[tuple[str, float, float]]) -> None:
        """Adds points by curve; curves without a chart are left out."""
        for name, x, y in points:
            plot = self._plot_of.get(name)
            if plot is None:
                continue
            plot.add_point(name, x, y * _FACTORS.get(name, 1.0))
            self._points[plot] += 1
            if plot in self._plots and plot not in self._shown:
                self._show([item for item in self._plots if item in self._shown or item is plot])
                self.show()

    def _show(self, plots: list[LivePlot]) -> None:
        """Lays the charts out; `plots` names the loss chart also where another one stands in its place."""
        shown = [self._learning[self._tab] if plot is self.loss else plot for plot in plots]
        for plot in (*self._plots, self.rate, self.gradient):
            self._grid.removeWidget(plot)
            if plot not in shown:
                plot.hide()
        place = 0
        for index, plot in enumerate(shown):
            row, column = divmod(place, self._in_row)
            first = index == 0 and self._has_parts  # five curves want the whole width
            wide = first or (index == len(shown) - 1 and column == 0)
            self._grid.addWidget(plot, row, column, 1, 2 if wide or self._in_row == 1 else 1)
            place += 2 if first and self._in_row == 2 else 1
            plot.show()
        # One row of charts does not grow to the height of a poster.
        self.setMaximumHeight(_ONE_ROW_HEIGHT if len(plots) <= self._in_row else _NO_LIMIT)
        self._shown = plots

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One chart in a row where two would be cut."""
        super().resizeEvent(event)
        in_row = 2 if self.width() >= _TWO_COLUMNS_WIDTH else 1
        if in_row != self._in_row:
            self._in_row = in_row
            self._show(self._shown)

    def _memory_text(self, value: float) -> str:
        return self.tr("at most {size}").format(size=size_text(value * _GB))

    def _size_text(self, value: float) -> str:
        return size_text(value * _GB)

    def _percent_text(self, value: float) -> str:
        return self.tr("{value} %").format(value=number_text(round(value, 1)))

    def _speed_text(self, value: float) -> str:
        return self.tr("{value} tokens/s").format(value=number_text(value))

    def _latency_text(self, value: float) -> str:
        return self.tr("{value} ms").format(value=number_text(value))
