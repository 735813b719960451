"""A distillation killed while its teacher is asked, while it learns or saves ends with the same weights."""

from __future__ import annotations

import os
import random

import pytest

from tests.core.engines import tiny
from tests.crash.lab import SPEC, Lab

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
    pytest.mark.timeout(280),
]
DISTILL = {
    **{key: value for key, value in SPEC.items() if not key.startswith("lora")},
    "teachers": ["t"],
    "learning_rate": 0.001,
    "on_policy": 0.3,
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    lab.inputs["t"] = str(tiny.model_folder(lab.folder / "t", seed=6))
    yield lab
    lab.close()


def place(name: str) -> str:
    """A workspace of its own, so that no run finds what another's teacher said."""
    return f"{name}/runs/run"


@pytest.fixture(scope="module")
def wanted(lab):
    return lab.finish(place("whole"), kind="distill", spec=DISTILL)


@pytest.mark.timeout(1200)
def test_kills_at_write_points_of_the_asking_lose_nothing(lab, wanted):
    names = []
    for at in range(8, 44, 4):  # before lies what every job writes; in between, other parts of the same
        run = place(f"point-{at}")
        assert lab.ask(run, kind="distill", spec=DISTILL, kill_at=at) == {"signal": 9}
        assert lab.finish(run, kind="distill", spec=DISTILL, resumed=True) == wanted, f"killed at {at}"
        names.append(lab.said.rsplit(f"killed at point {at}: ", 1)[1].split("\n")[0])
    assert any("train-0000000" in name for name in names), names
    assert any("validation-0000000" in name for name in names), names


def test_kills_at_random_times_lose_nothing(lab, wanted):
    chance = random.Random(11)
    for at in range(5):
        run, kills = place(f"random-{at}"), 0
        more = {"kind": "distill", "spec": DISTILL}
        while kills < 2 and lab.ask(
            run, resumed=kills > 0, kill_after_s=chance.uniform(0.1, 2.0), **more
        ) == {"signal": 9}:
            kills += 1
        assert lab.finish(run, resumed=True, **more) == wanted, f"run {at}, {kills} kills"
