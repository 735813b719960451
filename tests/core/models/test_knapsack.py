"""The least damage under a limit: never above it, never worse for having more room, and really the least."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.quantizing.knapsack import Choice, choose

_OPTION = st.builds(Choice, st.integers(1, 40), st.floats(0, 10, allow_nan=False))
_ITEMS = st.lists(st.lists(_OPTION, min_size=1, max_size=3), min_size=1, max_size=5)


def _totals(items: list[list[Choice]], taken: list[int]) -> tuple[int, float]:
    chosen = [options[number] for options, number in zip(items, taken, strict=True)]
    return sum(choice.size for choice in chosen), sum(choice.cost for choice in chosen)


@settings(deadline=None)
@given(_ITEMS, st.integers(0, 200))
def test_it_never_goes_over_the_limit_and_finds_the_least(items: list[list[Choice]], limit: int) -> None:
    every = [_totals(items, list(taken)) for taken in itertools.product(*(range(len(one)) for one in items))]
    fitting = [cost for size, cost in every if size <= limit]

    taken = choose(items, limit)

    if not fitting:
        assert taken is None
        return
    assert taken is not None
    size, cost = _totals(items, taken)
    assert size <= limit
    assert cost == pytest.approx(min(fitting))


@settings(deadline=None)
@given(_ITEMS, st.integers(0, 200), st.integers(0, 50))
def test_more_room_never_costs_more(items: list[list[Choice]], limit: int, more: int) -> None:
    taken, with_more = choose(items, limit), choose(items, limit + more)

    if taken is not None:
        assert with_more is not None
        assert _totals(items, with_more)[1] <= _totals(items, taken)[1] + 1e-9


def test_sizes_of_real_models_stay_under_the_limit() -> None:
    items = [[Choice(566_784, 0.01), Choice(504_000, 0.013), Choice(953_856, 0.0001)]] * 150
    for limit in (80_000_000, 90_000_001, 115_000_000, 200_000_000):
        taken = choose(items, limit)
        assert taken is not None
        assert _totals(items, taken)[0] <= limit
