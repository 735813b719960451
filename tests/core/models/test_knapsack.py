"""The least damage under a limit: never above it, never worse for having more room, and really the least."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.quantizing.knapsack import Choice, choose, choose_in_time, total_time

_OPTION = st.builds(Choice, st.integers(1, 40), st.floats(0, 10, allow_nan=False))
_TIMED = st.builds(Choice, st.integers(1, 40), st.floats(0, 10), st.floats(-5, 5))
_TIMED_ITEMS = st.lists(st.lists(_TIMED, min_size=1, max_size=3), min_size=1, max_size=5)
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


@settings(deadline=None)
@given(_TIMED_ITEMS, st.integers(0, 200), st.floats(-25, 25))
def test_with_a_time_as_well_it_keeps_both_limits_wherever_that_is_possible(
    items: list[list[Choice]], limit: int, most: float
) -> None:
    every = [list(taken) for taken in itertools.product(*(range(len(one)) for one in items))]
    fitting = [taken for taken in every if _totals(items, taken)[0] <= limit]
    in_time = [taken for taken in fitting if total_time(items, taken) <= most]

    taken = choose_in_time(items, limit, most)

    if not in_time:
        assert taken is None or total_time(items, taken) == pytest.approx(most)
        return
    assert taken is not None
    size, cost = _totals(items, taken)
    assert size <= limit
    assert total_time(items, taken) <= most
    if len(in_time) == len(fitting):
        assert cost == pytest.approx(min(_totals(items, one)[1] for one in fitting))


def test_time_is_bought_where_it_costs_least() -> None:
    """Eight bits cost no damage and a millisecond; of many alike those that forgive most give way."""
    items = [[Choice(10, damage, 0.0), Choice(20, 0.0, 1.0)] for damage in range(1, 101)]

    taken = choose_in_time(items, 10_000, 40.0)

    assert taken == [0] * 60 + [1] * 40
