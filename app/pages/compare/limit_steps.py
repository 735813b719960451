"""The places of a limit's slider: round numbers over what was measured, and no limit at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUND = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.2, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9)


def at_most(values: Sequence[float]) -> list[float | None]:
    """From just above the least value to the greatest, by equal factors; no limit at the upper end."""
    known = [value for value in values if value > 0 and math.isfinite(value)]
    if not known:
        return [None]
    low, high = min(known), max(known)
    first = math.floor(math.log10(low))
    last = math.floor(math.log10(high)) + 1
    steps = [part * 10.0**power for power in range(first, last + 1) for part in _ROUND]
    start = max((place for place, step in enumerate(steps) if step <= low * 1.0001), default=0)
    end = next(place for place, step in enumerate(steps) if step >= high * 0.9999)
    return [*(round(step, 9) for step in steps[start : end + 1]), None]


def at_least(values: Sequence[float]) -> list[float | None]:
    """Whole points of a share below and between the values; no limit at the lower end."""
    if not values:
        return [None]
    low, high = math.floor(min(values) * 100), math.ceil(max(values) * 100)
    return [None, *(point / 100 for point in range(max(low, 0), min(high, 100) + 1))]


def place_of(steps: Sequence[float | None], limit: float | None) -> int:
    """Where a limit stands; one between two steps stands at the nearest."""
    if limit is None:
        return steps.index(None)
    known = [(abs(step - limit), place) for place, step in enumerate(steps) if step is not None]
    return min(known)[1] if known else 0
