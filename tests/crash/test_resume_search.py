"""A search killed in the middle of a trial goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.models import trials
from tests.core.engines import tiny

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
    pytest.mark.timeout(280),
]
ROOT = Path(__file__).parents[2]
SPEC = {
    "model": "m",
    "data": "d",
    "trials": 7,
    "minutes": None,
    "pruner": "none",
    "settings": {"precision": "fp32", "epochs": 1},
    "fields": {
        "learning_rate": {"low": 1e-4, "high": 3e-2, "log": True},
        "lora_rank": {"choices": [2, 4]},
        "batch_size": {"choices": [4, 8]},
    },
}


class Lab:
    """A model, a data set and a server that searches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs = {
            "m": str(tiny.model_folder(folder / "m")),
            "d": str(tiny.data_folder(folder / "d", 40)),
        }
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.search_server"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(folder / "stderr.txt", "w"),  # noqa: SIM115
        )

    def ask(self, run: str, **more: object) -> int:
        request = {"run": str(self.folder / run), "inputs": self.inputs, "spec": SPEC, **more}
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def tried(self, run: str) -> list[tuple[int, dict[str, float], float]]:
        """Number, settings and loss of every trial."""
        report = trials.read(self.folder / run / "out" / "report")
        return [(trial.number, trial.params, trial.value) for trial in report.trials]

    def events(self, run: str, name: str) -> list[dict]:
        lines = (self.folder / run / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["ev"] == name]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    assert lab.ask("whole") == 0, (lab.folder / "stderr.txt").read_text()[-3000:]
    yield lab
    lab.server.stdin.close()
    lab.server.wait(20)


def test_a_search_killed_in_a_trial_tries_the_same_and_finds_the_same(lab):
    """Trial 3 is still anything at random, trial 7 is proposed by TPE after the trials before."""
    assert lab.ask("killed", kill_in=3) == -9
    assert lab.ask("killed", kill_in=7, resumed=True) == -9
    assert lab.ask("killed", resumed=True) == 0

    assert len(lab.tried("killed")) == 7
    assert lab.tried("killed") == lab.tried("whole")
    broken = [event["number"] for event in lab.events("killed", "trial") if event["state"] == "stopped"]
    assert broken == [3, 7]
    begun = [event["number"] for event in lab.events("killed", "trial") if not event["curve"]]
    assert begun.count(2) == 1  # a finished trial is not tried again


def test_a_stopped_search_keeps_its_trials_and_goes_on(lab):
    assert lab.ask("stopped", stop_in=2) == 0
    assert lab.events("stopped", "done")[-1]["state"] == "stopped"
    report = trials.read(lab.folder / "stopped" / "out" / "report")
    assert (report.ended_by, [trial.state for trial in report.trials]) == ("stop", ["complete", "stopped"])

    assert lab.ask("stopped", resumed=True) == 0
    assert lab.tried("stopped") == lab.tried("whole")
    assert lab.events("stopped", "done")[-1]["state"] == "succeeded"
