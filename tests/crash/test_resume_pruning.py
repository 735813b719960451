"""A pruning killed while it measures, cuts or saves ends with the same weights."""

from __future__ import annotations

import os
import random

import pytest

from tests.crash.lab import Lab

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
    pytest.mark.timeout(280),
]
PRUNE = {"model": "m", "data": "d", "ffn_share": 0.67, "vocabulary": "data"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"), what={"kind": "prune", "spec": PRUNE})
    yield lab
    lab.close()


def test_kills_at_write_points_lose_nothing(lab):
    for at in (2, 4, 6, 10):
        run = f"point-{at}"
        assert lab.ask(run, kill_at=at) == {"signal": 9}
        assert lab.finish(run, resumed=True) == lab.reference, f"killed at {at}"
    assert "fsync measured" in lab.said  # a kill has hit what is kept while it was written


def test_kills_at_random_times_lose_nothing(lab):
    chance = random.Random(5)
    for at in range(4):
        run, kills = f"random-{at}", 0
        while kills < 2 and lab.ask(run, resumed=kills > 0, kill_after_s=chance.uniform(0.1, 2.0)) == {
            "signal": 9
        }:
            kills += 1
        assert lab.finish(run, resumed=True) == lab.reference, f"run {at}, {kills} kills"
