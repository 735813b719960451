"""The choice that costs least under a limit: one option of every item, solved exactly by tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Sizes are rounded up to this many steps of the room there is; finer would cost time and change nothing.
_STEPS = 60_000
#: How often the price of time is raised until a choice is in time, and then made more exact.
_RAISES, _HALVINGS = 12, 10


@dataclass(frozen=True)
class Choice:
    """One way to store an item.

    Attributes:
        size: Bytes it takes.
        cost: Damage it does.
        time: Milliseconds it takes, or less than nothing where it is faster than what it is counted from.
    """

    size: int
    cost: float
    time: float = 0.0


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


def fastest(items: Sequence[Sequence[Choice]], limit: int) -> list[int] | None:
    """The choice within the limit that takes least time; None when nothing fits."""
    return choose([[Choice(option.size, option.time) for option in options] for options in items], limit)


def choose_in_time(items: Sequence[Sequence[Choice]], limit: int, most: float) -> list[int] | None:
    """Like `choose`, and in time as well.

    Every millisecond gets a price that is added to the damage (Everett 1963); the lowest price whose choice
    is in time tells it. What lies between two prices is passed over: of 150 items that is less than one.

    Returns:
        None when nothing fits within both.
    """
    free = choose(items, limit)
    if free is None or total_time(items, free) <= most:
        return free
    best = fastest(items, limit)
    if best is None or total_time(items, best) > most:
        return None
    low, price = 0.0, _first_price(items)
    for _ in range(_RAISES):
        found = _priced(items, limit, price)
        if total_time(items, found) <= most:
            break
        low, price = price, 4 * price
    for _ in range(_HALVINGS):
        if total_time(items, found) <= most and _cost(items, found) < _cost(items, best):
            best = found
        middle = (low + price) / 2
        found = _priced(items, limit, middle)
        low, price = (low, middle) if total_time(items, found) <= most else (middle, price)
    return best


def total_time(items: Sequence[Sequence[Choice]], taken: Sequence[int]) -> float:
    """Time of what was taken."""
    return sum(options[number].time for options, number in zip(items, taken, strict=True))


def _cost(items: Sequence[Sequence[Choice]], taken: Sequence[int]) -> float:
    return sum(options[number].cost for options, number in zip(items, taken, strict=True))


def _priced(items: Sequence[Sequence[Choice]], limit: int, price: float) -> list[int]:
    found = choose(
        [[Choice(option.size, option.cost + price * option.time) for option in options] for options in items],
        limit,
    )
    assert found is not None  # it did without a price
    return found


def _first_price(items: Sequence[Sequence[Choice]]) -> float:
    """About what a millisecond costs where time is bought with damage."""
    damage = sum(max(option.cost for option in options) for options in items)
    spread = sum(
        max(option.time for option in options) - min(option.time for option in options) for options in items
    )
    return max(damage, 1e-30) / max(spread, 1e-30) / 16
