"""Ends and marks of an axis that spans what there is, not from zero; equal distances or equal factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_MARKS = 6
_ROOM = 0.12  # free at both ends, so that no point stands on the edge


@dataclass(frozen=True)
class Spread:
    """One axis.

    Attributes:
        low: Its lower end, in the coordinates of the plot.
        high: Its upper end.
        is_log: Whether the plot's coordinates are logarithms to the base of ten.
        marks: Named values, not logarithms.
    """

    low: float
    high: float
    is_log: bool
    marks: tuple[float, ...]

    def place(self, value: float) -> float:
        """A value in the coordinates of the plot."""
        return math.log10(max(value, 1e-12)) if self.is_log else value


def spread(values: Sequence[float], *, log: bool) -> Spread:
    """The axis that holds these values with some room around them."""
    known = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not known:
        known = [1.0]
    low, high = min(known), max(known)
    if log:
        start, end = math.log10(low), math.log10(high)
        room = max((end - start) * _ROOM, 0.05)
        start, end = start - room, end + room
        return Spread(start, end, True, log_marks(10**start, 10**end))
    room = max((high - low) * _ROOM, abs(high) * 0.01, 1e-9)
    return Spread(low - room, high + room, False, even_marks(low - room, high + room))


def log_marks(low: float, high: float) -> tuple[float, ...]:
    """Round values between two ends, by near-equal factors."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for parts in ((1, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        marks = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        inside = tuple(round(mark, 12) for mark in marks if low <= mark <= high)
        if len(inside) <= _MOST_MARKS:
            return inside
    return inside[:: math.ceil(len(inside) / _MOST_MARKS)]


def even_marks(low: float, high: float) -> tuple[float, ...]:
    """Round values between two ends, by equal distances."""
    span = high - low
    power = 10.0 ** (math.floor(math.log10(span)) - 1)
    gap = next(
        step * power
        for step in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0)
        if span / (step * power) <= _MOST_MARKS
    )
    first, last = math.ceil(low / gap), math.floor(high / gap)
    marks = (round(place * gap, 12) for place in range(first, last + 1))
    return tuple(mark for mark in marks if low <= mark <= high)  # rounding may have moved one out
