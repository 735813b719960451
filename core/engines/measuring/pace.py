"""How long measuring several models still takes, where one is ten times as fast as the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

_TELLING = 0.1  # before this share of a model is done, its size says more


class Pace:
    """Weighs what is to come by bytes of weights, at the pace of what was measured.

    Args:
        bytes: Of each model, in the order in which they are measured.
        clock: Seconds.
    """

    def __init__(self, bytes: Sequence[int], clock: Callable[[], float] = time.monotonic) -> None:
        self._bytes = [max(1, size) for size in bytes]
        self._clock = clock
        self._seconds: list[float] = []
        self._began = clock()

    def begin(self) -> None:
        """The next model is measured from now on."""
        self._began = self._clock()

    def end(self) -> None:
        """The model is measured."""
        self._seconds.append(self._clock() - self._began)

    def left_s(self, share: float) -> float | None:
        """Seconds until all are measured, with a share of the present one done; None while nothing tells."""
        now = self._clock() - self._began
        place = len(self._seconds)
        if share < _TELLING and not self._seconds:
            return None
        by_size = max(now, self._pace(0, 0.0) * self._bytes[place])
        whole = now / share if share >= _TELLING else by_size
        later = sum(self._bytes[place + 1 :])
        return whole - now + self._pace(self._bytes[place], whole) * later

    def _pace(self, bytes: int, seconds: float) -> float:
        """Seconds a byte, over the models that are measured and the present one."""
        measured = sum(self._bytes[: len(self._seconds)]) + bytes
        return (sum(self._seconds) + seconds) / measured if measured else 0.0
