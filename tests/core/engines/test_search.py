"""Searching for settings, on a tiny model."""

from __future__ import annotations

import json
import shutil

import pytest

from core.data.dataset import Dataset
from core.engines import search
from core.errors import InputError
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


def test_time_ends_a_search_in_the_middle_of_a_trial(tmp_path, artifacts):
    """A hundred passes do not fit into three seconds; the trial is named and not counted."""
    fields = {"learning_rate": FIELDS["learning_rate"]}
    settings = {**FIXED, "epochs": 100, "batch_size": 1}
    run = Run(tmp_path / "run", artifacts, minutes=0.05, fields=fields, settings=settings).go()
    report = run.report
    assert (report.ended_by, report.best, report.settings) == ("minutes", None, {})
    assert [trial.state for trial in report.trials] == ["stopped"]
    assert report.trials[0].note == "The time was used up."
    assert run.job.final_state == "succeeded"
    assert "No trial was finished" in run.events("warning")[-1]["text"]


def test_a_grid_tries_every_combination_once_and_never_looks_at_test_rows(tmp_path, artifacts, monkeypatch):
    read = []
    rows = Dataset.rows

    def watched(self, split, *more):
        read.append(split)
        return rows(self, split, *more)

    monkeypatch.setattr(Dataset, "rows", watched)
    fields = {"lora_rank": {"choices": [2, 4]}, "learning_rate": {"choices": [0.001, 0.01]}}
    settings = {**FIXED, "epochs": 1}
    run = Run(tmp_path / "run", artifacts, sampler="grid", trials=99, fields=fields, settings=settings).go()
    tried = {tuple(trial.params.values()) for trial in run.report.trials}
    assert tried == {(0.001, 2), (0.001, 4), (0.01, 2), (0.01, 4)}
    assert len(run.report.trials) == 4
    assert set(read) == {"train", "validation"}


def test_a_trial_that_comes_apart_costs_only_itself(tmp_path, artifacts):
    fields = {"learning_rate": {"choices": [0.0005, 1.0]}}
    settings = {**FIXED, "method": "full", "epochs": 2, "max_grad_norm": 1000, "batch_size": 4}
    run = Run(tmp_path / "run", artifacts, sampler="grid", fields=fields, settings=settings).go()
    by_rate = {trial.params["learning_rate"]: trial for trial in run.report.trials}
    alone = Run(
        tmp_path / "alone",
        artifacts,
        sampler="grid",
        fields={"learning_rate": {"choices": [0.0005, 0.00051]}},
        settings=settings,
    ).go()
    same = next(trial for trial in alone.report.trials if trial.params["learning_rate"] == 0.0005)
    assert by_rate[0.0005].value == same.value  # nothing of one trial is left in the next
    assert run.report.settings["learning_rate"] == 0.0005


def test_data_without_validation_rows_are_refused(tmp_path, artifacts):
    bare = tmp_path / "bare"
    shutil.copytree(artifacts["d"], bare)
    info = json.loads((bare / "dataset.json").read_text())
    info["counts"]["validation"] = 0
    (bare / "dataset.json").write_text(json.dumps(info))
    with pytest.raises(InputError, match="cannot be searched"):
        Run(tmp_path / "run", {**artifacts, "d": bare}).go()
