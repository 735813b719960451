"""The smooth line over a noisy curve, worked out point by point as they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.plots.buffer import PointBuffer
from core.models.learning_curve import next_smoothed, smoothing_span

#: A smooth line needs no more points than a chart has pixels; a pen of 2 px costs ten times one of 1 px.
_MOST_POINTS = 600


class SmoothLine:
    """Follows a curve's points; also back, when a resumed run repeats some."""

    def __init__(self) -> None:
        self._buffer = PointBuffer()
        self._span = smoothing_span(0)

    def append(self, x: float, y: float) -> None:
        """Takes the curve's next point."""
        while len(self._buffer) and self._buffer.x[-1] >= x:
            self._buffer.drop_last()
        before = float(self._buffer.y[-1]) if len(self._buffer) else None
        self._buffer.append(x, next_smoothed(before, len(self._buffer), y, self._span))

    def set_steps(self, total: float, curve: PointBuffer) -> None:
        """Fits the smoothing to the length of the whole run; the line is made anew where that changes it."""
        span = smoothing_span(total)
        if span != self._span:
            self._span = span
            self.clear()
            for x, y in zip(curve.x, curve.y, strict=True):
                self.append(float(x), float(y))

    def clear(self) -> None:
        """Forgets all points."""
        self._buffer.clear()

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self._buffer.last

    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """X and y, thinned out where there are more than one sees; the newest is always there."""
        count = len(self._buffer)
        if count <= _MOST_POINTS:
            return self._buffer.x, self._buffer.y
        places = np.linspace(0, count - 1, _MOST_POINTS).astype(np.int64)
        return self._buffer.x[places], self._buffer.y[places]

    def at(self, x: float) -> float | None:
        """The value at the point nearest to x."""
        return self._buffer.nearest(x)
