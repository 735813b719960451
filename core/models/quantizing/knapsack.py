"""The choice that costs least under a limit: one option of every item, solved exactly by tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Sizes are rounded up to this many steps of the room there is; finer would cost time and change nothing.
_STEPS = 60_000


@dataclass(frozen=True)
class Choice:
    """One way to store an item.

    Attributes:
        size: Bytes it takes.
        cost: Damage it does.
    """

    size: int
    cost: float


def choose(items: Sequence[Sequence[Choice]], limit: int) -> list[int] | None:
    """Place of the option taken of each item, so that sizes stay within the limit and costs are least.

    A larger limit never costs more, as long as it is counted in the same steps.

    Returns:
        None when not even the smallest options fit.
    """
    least = [min(option.size for option in options) for options in items]
    room = limit - sum(least)
    if room < 0:
        return None
    most = sum(max(option.size for option in options) for options in items) - sum(least)
    step = max(1, most // _STEPS)
    places = min(room, most) // step + 1
    costs = np.zeros(places)
    taken = np.zeros((len(items), places), dtype=np.int8)
    for at, options in enumerate(items):
        best = np.full(places, np.inf)
        for number, option in enumerate(options):
            more = -(-(option.size - least[at]) // step)
            if more >= places:
                continue
            with_it = np.full(places, np.inf)
            with_it[more:] = costs[: places - more] + option.cost
            better = with_it < best
            best[better] = with_it[better]
            taken[at][better] = number
        costs = best
    found: list[int] = []
    place = int(np.argmin(costs))
    for at in range(len(items) - 1, -1, -1):
        number = int(taken[at][place])
        found.append(number)
        place -= -(-(items[at][number].size - least[at]) // step)
    return found[::-1]
