"""The time left does not jump when a small model follows a large one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines import evaluate
from core.engines.measuring.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_smaller_model_is_expected_to_be_as_much_faster() -> None:
    clock = Clock()
    pace = Pace([400, 100], clock)
    pace.begin()
    assert pace.left_s(0.05) is None
    clock.now = 20.0
    assert pace.left_s(0.5) == pytest.approx(20 + 10)
    clock.now = 40.0
    pace.end()
    pace.begin()
    assert pace.left_s(0.0) == pytest.approx(10)
    clock.now = 44.0
    assert pace.left_s(0.5) == pytest.approx(4)


def test_timed_answers_and_the_end_count_for_more_than_answers_of_a_batch() -> None:
    share = evaluate._share(rows=300, timed=40, parts=340)
    whole = 300 + 40 * 5 + 3 * 5
    assert share(0) == 0
    assert share(300) == pytest.approx(300 / whole)
    assert share(340) == pytest.approx(500 / whole), "the decode speed and the end are still to come"
    assert evaluate._share(rows=300, timed=40, parts=428)(428) < 1
    assert evaluate._share(rows=300, timed=40, parts=340, batches=False)(170) == 0.5


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    st.floats(1e-9, 1e-6),
    st.integers(1, 20),
)
def test_where_time_follows_size_it_is_right_all_the_way(sizes: list[int], a_byte: float, steps: int) -> None:
    clock = Clock()
    pace = Pace(sizes, clock)
    whole = sum(sizes) * a_byte
    for size in sizes:
        began = clock.now
        pace.begin()
        for step in range(1, steps + 1):
            clock.now = began + size * a_byte * step / steps
            left = pace.left_s(step / steps)
            if left is not None:
                assert left == pytest.approx(whole - clock.now, rel=1e-6, abs=1e-6)
        pace.end()
