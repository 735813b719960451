"""Round ends and marks for an axis that begins at zero."""

from __future__ import annotations

import math

_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_MOST_MARKS = 5


def ceiling(value: float) -> float:
    """The next round number above: 0.18 gives 0.2, 3.3 gives 4, 581 gives 600, 19.6 gives 20."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 20.0) if value <= step * power * 1.0001)


def ticks(end: float, *, end_shown: bool) -> list[float]:
    """Round marks from zero to `end`, at most five steps.

    Args:
        end: The last value of the axis.
        end_shown: Whether the end itself is a mark even when it is not round, such as 281 steps.
    """
    gap = next(
        step * power
        for power in (10.0 ** (math.floor(math.log10(end)) - 1), 10.0 ** math.floor(math.log10(end)))
        for step in (1.0, 2.0, 2.5, 5.0)
        if end / (step * power) <= _MOST_MARKS * 1.0001
    )
    marks = [round(index * gap, 12) for index in range(int(end / gap * 1.0001) + 1)]
    if end_shown and end - marks[-1] > end * 1e-6:
        if len(marks) > 1 and end - marks[-1] < 0.5 * gap:
            marks.pop()
        marks.append(end)
    return marks
