"""Points of one curve in memory that grows by doubling, so that adding one costs nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FIRST = 1024


class PointBuffer:
    """x and y as float64; x never goes back, because a resumed run repeats its last steps."""

    def __init__(self) -> None:
        self._data = np.empty((2, _FIRST), dtype=np.float64)
        self._count = 0

    def __len__(self) -> int:
        """How many points there are."""
        return self._count

    def append(self, x: float, y: float) -> None:
        """Adds a point; points at or after `x` are dropped first."""
        if self._count and x <= self._data[0, self._count - 1]:
            self._count = int(np.searchsorted(self._data[0, : self._count], x))
        if self._count == self._data.shape[1]:
            grown = np.empty((2, self._count * 2), dtype=np.float64)
            grown[:, : self._count] = self._data
            self._data = grown
        self._data[:, self._count] = (x, y)
        self._count += 1

    def drop_last(self) -> None:
        """Forgets the newest point."""
        self._count = max(0, self._count - 1)

    def nearest(self, x: float) -> float | None:
        """The y of the point whose x is nearest; None without points."""
        place = self.place(x)
        return None if place is None else float(self.y[place])

    def place(self, x: float) -> int | None:
        """Place of the point whose x is nearest; None without points."""
        if not self._count:
            return None
        after = int(np.searchsorted(self.x, x))
        if after == 0:
            return 0
        if after == self._count:
            return after - 1
        return after if self.x[after] - x < x - self.x[after - 1] else after - 1

    def clear(self) -> None:
        """Forgets all points and keeps the memory."""
        self._count = 0

    @property
    def x(self) -> NDArray[np.float64]:
        """All x, a view."""
        return self._data[0, : self._count]

    @property
    def y(self) -> NDArray[np.float64]:
        """All y, a view."""
        return self._data[1, : self._count]

    @property
    def largest(self) -> float | None:
        """The largest finite y."""
        finite = self.y[np.isfinite(self.y)]
        return float(finite.max()) if finite.size else None

    @property
    def last(self) -> float | None:
        """The newest finite y."""
        finite = self.y[np.isfinite(self.y)]
        return float(finite[-1]) if finite.size else None
