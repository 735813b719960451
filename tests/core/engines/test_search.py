"""Searching for settings, on a tiny model."""

from __future__ import annotations

import json

import pytest

from core.engines import search
from core.models import trials
from core.specs import SearchSpec
from core.workspace import manifest
from tests.core.engines import tiny

FIXED = {"precision": "fp32", "max_length": 64}
FIELDS = {
    "learning_rate": {"low": 1e-4, "high": 3e-2, "log": True},
    "lora_rank": {"choices": [2, 4]},
    "lora_alpha": {"choices": [1, 2]},
    "batch_size": {"choices": [8, 16]},
    "epochs": {"choices": [1, 2]},
}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return {"m": tiny.model_folder(folder / "m"), "d": tiny.data_folder(folder / "d", 40)}


class Run:
    """A search with its events."""

    def __init__(self, folder, artifacts, *, resumed=False, **fields):
        self.folder = folder
        self.job, self._out = tiny.job(folder, resumed=resumed, **artifacts)
        self.spec = SearchSpec(
            **{"model": "m", "data": "d", "settings": FIXED, "fields": FIELDS, "trials": 4, **fields}
        )

    def go(self):
        search.run(self.spec, self.job)
        return self

    def events(self, name):
        return [
            event for line in self._out.getvalue().splitlines() if (event := json.loads(line))["ev"] == name
        ]

    @property
    def report(self):
        return trials.read(self.folder / "out" / "report")


def test_a_search_tries_judges_and_leaves_a_report(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts, trials=9).go()
    report = run.report
    manifest.verify(run.folder / "out" / "report")
    assert [trial.number for trial in report.trials] == list(range(1, 10))
    assert report.ended_by == "trials"
    complete = [trial for trial in report.trials if trial.state == "complete"]
    best = trials.best_of(report.trials)
    assert best.value == min(trial.value for trial in complete)
    assert report.best == best.number == run.job.final_result["best_trial"]
    assert report.settings["lora_alpha"] == best.params["lora_alpha"] * best.params["lora_rank"]
    assert all(0 <= trial.accuracy <= 1 for trial in complete)
    assert run.job.final_state == "succeeded"
