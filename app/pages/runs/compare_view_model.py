"""Several runs side by side: their curves, what they were told, and what came of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.job_bridge import JobBridge
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.jobs import comparison
from core.jobs.comparison import Comparison
from core.jobs.curves import MEMORY, Point
from core.models.learning_curve import next_smoothed, smoothing_span

#: What can be charted, by the name of its curve, in the order of the tabs.
METRICS = ("validation_loss", "loss", "tokens_per_s", MEMORY)
_SMOOTHED = frozenset({"loss", "tokens_per_s"})


@dataclass(frozen=True)
class RunCurve:
    """A run's curve of one metric as `(step, value)` points."""

    run_id: str
    label: str
    points: tuple[tuple[float, float], ...]


class CompareViewModel(QObject):
    """Reads the runs on a thread.

    Signals:
        compared: There is something to show.
        refused: The runs cannot be compared; an `ErrorText`.
    """

    compared = Signal()
    refused = Signal(object)

    def __init__(self, bridge: JobBridge, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        background.setParent(self)
        self._bridge = bridge
        self._background = background
        self.comparison: Comparison | None = None

    def open(self, run_ids: list[str]) -> None:
        """Reads these runs."""
        workspace = self._bridge.workspace

        def read(_cancelled: threading.Event) -> Comparison:
            return comparison.compare(workspace, run_ids)

        self._background.run("compare", read, self._on_read, self._on_failed)

    @property
    def labels(self) -> list[str]:
        """The runs' names, with their ids where two have the same."""
        assert self.comparison is not None
        names = [run.name for run in self.comparison.runs]
        return [
            f"{run.name} ({run.id})" if names.count(run.name) > 1 else run.name
            for run in self.comparison.runs
        ]

    @property
    def metrics(self) -> list[str]:
        """The metrics that at least one of the runs recorded."""
        assert self.comparison is not None
        return [name for name in METRICS if any(found.get(name) for found in self.comparison.curves)]

    @property
    def data_differ(self) -> bool:
        """Whether their losses were taken on different rows, so that they say little beside each other."""
        assert self.comparison is not None
        return any(item.field == "data" for item in self.comparison.differences)

    def curves(self, metric: str) -> list[RunCurve]:
        """Each run's curve, the noisy ones smoothed."""
        assert self.comparison is not None
        return [
            RunCurve(run.id, label, _points(found.get(metric, []), smooth=metric in _SMOOTHED))
            for run, label, found in zip(
                self.comparison.runs, self.labels, self.comparison.curves, strict=True
            )
        ]

    def _on_read(self, found: Comparison) -> None:
        self.comparison = found
        self.compared.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self.refused.emit(ErrorText.of(error))


def _points(points: list[Point], *, smooth: bool) -> tuple[tuple[float, float], ...]:
    if not smooth or not points:
        return tuple((float(point.step), point.value) for point in points)
    span, line = smoothing_span(points[-1].step), []
    value: float | None = None
    for count, point in enumerate(points):
        value = next_smoothed(value, count, point.value, span)
        line.append((float(point.step), value))
    return tuple(line)
