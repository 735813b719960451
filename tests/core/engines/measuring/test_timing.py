"""Single times become medians, thirds by length, and a share of what the machine can do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines.measuring import ceilings, child, timing
from core.engines.measuring.task import Finished, Spent, Timed
from core.jobs.child import SPIN_COUNT
from core.models.fit import energy
from core.models.speed import Ceilings


def timed(row: int, turn: int, first: float, *gaps: float) -> Timed:
    return Timed(row, turn, first, first + sum(gaps), gaps)


def test_single_tokens_count_from_one_to_the_next() -> None:
    found = timing.latency([timed(0, 0, 100.0, 10, 20), timed(1, 0, 200.0, 30)])
    assert found is not None
    assert (found.ttft_p50, found.total_p50, found.token_p50) == (150, 180, 20)
    assert found.token_p95 == pytest.approx(29)
    alone = timing.latency([timed(0, 0, 5.0)])
    assert alone is not None
    assert alone.token_p50 is None


def test_prompts_fall_into_thirds_by_their_length() -> None:
    groups = timing.thirds({4: 10, 7: 300, 9: 20, 1: 15, 2: 100, 3: 200})
    assert groups == [[4, 1], [9, 2], [3, 7]]
    times = [timed(row, 0, float(row)) for row in (4, 7, 9, 1, 2, 3)]
    short, _medium, long = timing.by_length(times, groups, {4: 5, 1: 7, 9: 9, 2: 40, 3: 80, 7: 90})
    assert (short.length, short.prompts, short.tokens_least, short.tokens_most) == ("short", 2, 5, 7)
    assert (long.ttft_p50, long.tokens_least) == (5.0, 80)
    assert timing.thirds({1: 5, 2: 6}) == []


@given(st.dictionaries(st.integers(0, 99), st.integers(0, 500), min_size=3, max_size=40))
def test_every_row_is_in_one_third_and_no_short_one_is_longer_than_a_long_one(found: dict[int, int]) -> None:
    short, medium, long = timing.thirds(found)
    assert sorted([*short, *medium, *long]) == sorted(found)
    assert max(found[row] for row in short) <= min(found[row] for row in long)
    assert len(long) - len(short) in (0, 1)


def test_passes_that_differ_are_told() -> None:
    assert timing.spread([timed(0, 0, 100.0), timed(0, 1, 110.0)]) == pytest.approx(0.1)
    assert timing.spread([timed(0, 0, 100.0)]) is None


def test_slow_prompts_count_in_the_answers_of_an_hour_and_slow_passes_do_not() -> None:
    quiet = [
        timed(row, turn, first) for turn in (0, 1) for row, first in ((0, 100.0), (1, 100.0), (2, 400.0))
    ]
    disturbed = [timed(row, 2, 2000.0) for row in (0, 1, 2)]
    finished = Finished(100.0, 1, Spent(2.0, 9.0, None), Ceilings(read_gb_s=20.0, gflops=100.0))
    found = timing.summary([*quiet, *disturbed], [], {0: 9, 1: 9, 2: 9}, finished, None, 1)
    assert found is not None
    assert found.mean_ms == pytest.approx(200)
    assert found.answers_an_hour == pytest.approx(18_000)
    assert found.apart == found.spread == pytest.approx(19)
    even = timing.summary(quiet, [], {0: 9, 1: 9, 2: 9}, finished, None, 1)
    assert even is not None
    assert (even.spread, even.apart) == (0, None)


def test_a_model_is_measured_against_what_the_machine_reads() -> None:
    finished = Finished(100.0, 1, Spent(2.0, 3.0, None), Ceilings(read_gb_s=20.0, gflops=100.0))
    times = [timed(0, turn, 500.0) for turn in range(4)]
    found = timing.summary(times, [], {0: 9}, finished, 100_000_000, 1)
    assert found is not None
    assert (found.prompts, found.repeats, found.warm_up) == (1, 4, 1)
    assert found.bandwidth_share == pytest.approx(0.5)
    assert found.answers_an_hour == pytest.approx(7200)
    assert found.energy is not None
    assert found.energy.joules_an_answer == pytest.approx((8 * 3 + 15 * 2) / 4)
    assert not found.energy.is_measured
    assert (found.energy.watts_a_core, found.energy.watts_rest) == (8, 15)
    assert timing.summary([], [], {}, None, None, 1) is None


def test_counters_are_read_where_there_are_any(tmp_path: Path) -> None:
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    (package / "energy_uj").write_text("2500000\n")
    assert energy.between(energy.joules(tmp_path), 4.0) == pytest.approx(1.5)
    assert energy.between(4.0, 2.5) is None  # the counter began again
    assert energy.between(None, 2.5) is None
    found = timing.an_answer_takes(Spent(2.0, 3.0, 6.0), 3)
    assert (found.joules_an_answer, found.is_measured, found.watts_a_core) == (2, True, None)
    assert found.wh_a_thousand == pytest.approx(2000 / 3600)


def test_this_machine_reads_and_multiplies() -> None:
    found = ceilings.measure(1)
    assert found.read_gb_s > 0.05
    assert found.gflops > 0.05


def test_a_measured_model_is_not_slowed_by_how_a_worker_waits(monkeypatch):
    monkeypatch.setenv(SPIN_COUNT, "1000")
    child.warm_up()
    assert SPIN_COUNT not in os.environ
