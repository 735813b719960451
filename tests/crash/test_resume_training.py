"""A training killed at any moment ends, after a resume, with the same weights to the bit."""

from __future__ import annotations

import os
import random

import pytest

from core.engines.training import checkpoints
from tests.crash.lab import SPEC, Lab

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
    pytest.mark.timeout(280),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.close()


def test_two_whole_runs_end_with_the_same_weights(lab):
    assert lab.finish("again") == lab.reference


@pytest.mark.timeout(1200)
def test_a_kill_at_every_write_point_of_a_save_loses_nothing(lab):
    """The first points write the resolved spec, the next ones the first checkpoint and half of the second."""
    names = []
    for at in range(1, 41):
        run = f"point-{at}"
        assert lab.ask(run, kill_at=at) == {"signal": 9}
        assert lab.finish(run, resumed=True) == lab.reference, f"killed at write point {at}"
        names.append(lab.said.rsplit(f"killed at point {at}: ", 1)[1].split("\n")[0])
    assert "checkpoint filled" in names
    assert names.count("rename manifest.json") >= 1
    assert "sync parent of step-2" in names
    assert "checkpoint committed" in names


def test_kills_at_random_times_lose_nothing(lab):
    chance = random.Random(7)
    for at in range(10):
        run, kills = f"random-{at}", 0
        while kills < 2 and lab.ask(run, resumed=kills > 0, kill_after_s=chance.uniform(0.1, 1.2)) == {
            "signal": 9
        }:
            kills += 1
        assert lab.finish(run, resumed=True) == lab.reference, f"run {at}, {kills} kills"


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(lab):
    run = "damaged"
    lab.ask(run, kill_at=95)
    steps = checkpoints._steps(lab.folder / run / "checkpoints")
    weights = lab.folder / run / "checkpoints" / f"step-{steps[-1]}" / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-3] ^= 1
    weights.write_bytes(data)

    assert lab.finish(run, resumed=True) == lab.reference
    assert any("damaged" in event["text"] for event in lab.events(run, "warning"))
    assert any(f"after step {steps[-2]} " in event["text"] for event in lab.events(run, "log"))


def test_a_stopped_run_goes_on_later_to_the_same_weights(lab):
    lab.finish("stopped", stop_at=3)
    assert lab.events("stopped", "done")[0]["state"] == "stopped"
    assert lab.events("stopped", "done")[0]["result"]["steps"] == 3
    assert lab.made != lab.reference

    assert lab.finish("stopped", resumed=True) == lab.reference
    assert lab.events("stopped", "done")[1]["state"] == "succeeded"


@pytest.mark.parametrize(
    "changes",
    [
        {"lora_dropout": 0.0, "precision": "bf16"},
        {"method": "full", "learning_rate": 0.001},
        {"method": "full", "learning_rate": 0.001, "precision": "bf16", "epochs": 1.5},
    ],
)
def test_other_methods_and_formats_resume_to_the_bit_too(lab, changes):
    run = "-".join(str(value) for value in changes.values())
    spec = {**SPEC, **changes}
    reference = lab.finish(f"whole-{run}", spec=spec)
    for at in (55, 75, 80):
        assert lab.ask(f"{run}-{at}", spec=spec, kill_at=at) == {"signal": 9}
        assert lab.finish(f"{run}-{at}", spec=spec, resumed=True) == reference


@pytest.mark.parametrize("method", ["dora", "ia3", "qlora"])
def test_other_adapters_resume_to_the_bit_too(lab, method):
    spec = {**SPEC, "method": method, "lora_dropout": 0.0, "use_rslora": True}
    reference = lab.finish(f"whole-{method}", spec=spec)
    assert lab.ask(f"killed-{method}", spec=spec, kill_at=75) == {"signal": 9}
    assert lab.finish(f"killed-{method}", spec=spec, resumed=True) == reference


def test_a_kill_while_the_result_is_saved_loses_nothing(lab):
    """Training is over; the resume finds the last checkpoint and only saves again."""
    at = 200  # more points than a run has; the first kill on the way down is near its end
    while lab.ask(f"saving-{at}", kill_at=at) != {"signal": 9}:
        at -= 4
    run = f"saving-{at}"
    assert lab.events(run, "phase")[-1]["name"] == "saving"
    assert lab.finish(run, resumed=True) == lab.reference
    assert any("Continues after step" in event["text"] for event in lab.events(run, "log"))
