"""The axes of the trade-off picture, and the places at which a limit can stand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pages.compare import limit_steps
from app.plots.spread import spread

VALUES = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=20)


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_an_axis_holds_every_value_with_room_and_few_marks_inside(values: list[float], log: bool) -> None:
    found = spread(values, log=log)
    assert all(found.low < found.place(value) < found.high for value in values)
    assert len(found.marks) <= 8
    assert all(found.low <= found.place(mark) <= found.high for mark in found.marks)
    assert list(found.marks) == sorted(found.marks)


def test_marks_are_round_and_by_factors_where_the_axis_is() -> None:
    assert spread([66, 612], log=True).marks == (100, 200, 300, 500)
    assert spread([68, 81.3], log=False).marks == (70, 75, 80)


@settings(deadline=None)
@given(VALUES)
def test_a_limit_reaches_from_the_least_to_the_greatest_and_ends_without_one(values: list[float]) -> None:
    steps = limit_steps.at_most(values)
    assert steps[-1] is None
    known = [step for step in steps if step is not None]
    assert known == sorted(known)
    assert known[0] <= min(values) * 1.001
    assert known[-1] >= max(values) * 0.999


def test_a_share_has_whole_points_and_no_limit_at_its_lower_end() -> None:
    assert limit_steps.at_least([0.755, 0.771]) == [None, 0.75, 0.76, 0.77, 0.78]
    assert limit_steps.at_least([]) == limit_steps.at_most([0.0, math.inf]) == [None]


@pytest.mark.parametrize(("limit", "place"), [(None, 3), (10, 0), (14, 1), (99, 2)])
def test_a_limit_between_two_places_stands_at_the_nearest(limit: float | None, place: int) -> None:
    assert limit_steps.place_of([10, 15, 20, None], limit) == place
