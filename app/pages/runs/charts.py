"""The four charts of a run: loss, memory, speed, latency. Only those that have something to show."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from app.formats import number_text, size_text
from app.models.run_record import MEMORY
from app.plots.live_plot import Curve, LivePlot
from app.tokens import SPACE_M

_GB = 1e9
_ONE_ROW_HEIGHT, _NO_LIMIT = 320, 16_777_215


class RunCharts(QWidget):
    """Charts in two columns; a job that measures no loss has no loss chart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        steps, seconds = self.tr("steps"), self.tr("seconds")
        self.loss = LivePlot(
            self.tr("Loss"),
            [Curve("loss", self.tr("training"), 0), Curve("validation_loss", self.tr("validation"), 1, True)],
            x_label=steps,
        )
        self.memory = LivePlot(
            self.tr("Memory"), [Curve(MEMORY, self.tr("this job, all processes"), 2)], x_label=seconds,
            value_text=self._memory_text, peak=True,
        )
        self.speed = LivePlot(
            self.tr("Speed"), [Curve("tokens_per_s", self.tr("tokens a second"), 3)], x_label=steps,
            value_text=self._speed_text,
        )
        self.latency = LivePlot(
            self.tr("Latency of an answer"),
            [Curve("first_token_ms", self.tr("first token"), 4, True),
             Curve("latency_ms", self.tr("whole answer"), 0, True)],
            x_label=steps, value_text=self._latency_text,
        )
        self._plots = (self.loss, self.memory, self.speed, self.latency)
        self._plot_of = {
            "loss": self.loss, "validation_loss": self.loss, MEMORY: self.memory, "tokens_per_s": self.speed,
            "first_token_ms": self.latency, "latency_ms": self.latency,
        }
        self._shown: list[LivePlot] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_M + 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        for plot in self._plots:
            plot.hide()

    def begin(self, kind: str, memory_limit: int) -> None:
        """Clears the charts for a run of that kind; fine-tuning shows all four from the start."""
        for plot in self._plots:
            plot.clear()
            plot.set_x_total(0)
        if memory_limit:
            self.memory.set_limit(memory_limit / _GB, self.tr("memory of this computer"))
        self._show(list(self._plots) if kind == "finetune" else [self.memory])

    def set_steps(self, total: int) -> None:
        """Fixes the end of the step axes."""
        for plot in (self.loss, self.speed, self.latency):
            plot.set_x_total(total)

    def add_points(self, points: list[tuple[str, float, float]]) -> None:
        """Adds points by curve; curves without a chart are left out."""
        for name, x, y in points:
            plot = self._plot_of.get(name)
            if plot is None:
                continue
            plot.add_point(name, x, y / _GB if name == MEMORY else y)
            if plot not in self._shown:
                self._show([item for item in self._plots if item in self._shown or item is plot])

    def _show(self, plots: list[LivePlot]) -> None:
        for plot in self._shown:
            self._grid.removeWidget(plot)
        for plot in self._plots:
            plot.setVisible(plot in plots)
        for index, plot in enumerate(plots):
            alone = index == len(plots) - 1 and index % 2 == 0
            self._grid.addWidget(plot, index // 2, index % 2, 1, 2 if alone else 1)
            plot.show()
        # One row of charts does not grow to the height of a poster.
        self.setMaximumHeight(_ONE_ROW_HEIGHT if len(plots) < 3 else _NO_LIMIT)
        self._shown = plots

    def _memory_text(self, value: float) -> str:
        return self.tr("at most {size}").format(size=size_text(value * _GB))

    def _speed_text(self, value: float) -> str:
        return self.tr("{value} tokens/s").format(value=number_text(value))

    def _latency_text(self, value: float) -> str:
        return self.tr("{value} ms").format(value=number_text(value))
