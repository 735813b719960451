"""The workflow by command on a tiny model: each kind of job, stopped, killed, resumed."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from core.models.evaluation_time import EvaluationTimes
from core.specs import EvaluateSpec
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import Terminal
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def terminal(tmp_path_factory) -> Terminal:
    """A workspace with a tiny model and its data, both added by command."""
    folder = tmp_path_factory.mktemp("commands")
    terminal = Terminal(folder / "work")
    source = tiny.model_folder(folder / "tiny-model")
    for own in ("model.json", "manifest.json"):
        (source / own).unlink()
    rows = folder / "questions.csv"
    with open(rows, "w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        writer.writerows(tiny.rows(60))
    terminal.must("models", "add", str(source), "--name", "tiny")
    terminal.must("data", "add", str(rows), "--name", "questions")
    return terminal


LONG = (
    "--set",
    "max_steps=4000",
    "--set",
    "batch_size=4",
    "--set",
    "epochs=100",
    "--set",
    "checkpoint_every=20",
    "--set",
    "sample_prompts=0",
)


def wait_until_trained(terminal: Terminal, name: str, steps: int) -> str:
    """Waits until the run of that name has reached a step; returns its id.

    Reads the run's own log: a command would take longer to ask than a tiny model to learn.
    """
    end = time.monotonic() + 90
    while time.monotonic() < end:
        for job in (terminal.workspace / "runs").glob("*/job.json"):
            log = job.with_name("events.jsonl")
            if json.loads(job.read_text())["name"] != name or not log.exists():
                continue
            if log.read_text().count('"loss"') >= steps:
                return job.parent.name
        time.sleep(0.05)
    raise AssertionError(f"{name} did not begin to train")


def state(terminal: Terminal, run: str) -> str:
    return terminal.must("runs", "show", run, "--json").json["state"]


@pytest.mark.timeout(400)
def test_from_data_to_an_answer(terminal):
    tuned = terminal.must(
        "finetune",
        "--model",
        "tiny",
        "--data",
        "questions",
        "--set",
        "max_steps=6",
        "--name",
        "tuned",
        "--json",
    )
    assert tuned.json["state"] == "succeeded"
    assert tuned.json["artifacts"][0]["name"] == "tuned"
    assert tuned.err.splitlines()[0] == tuned.json["id"]
    folder = Path(terminal.must("models", "show", "tuned", "--json").json["folder"])
    assert (folder / "adapter_model.safetensors").is_file()

    small = terminal.must("quantize", "tuned", "--recipe", "int8", "--name", "small", "--json").json
    assert small["state"] == "succeeded"
    report = terminal.must("evaluate", "tiny", "tuned", "--data", "questions", "--json").json
    assert {"machine", "versions", "models"} <= set(report)
    for item in report["models"]:
        assert {
            "model",
            "kind",
            "bytes_on_disk",
            "quality",
            "latency_ms",
            "tokens_per_s",
            "peak_rss_bytes",
        } <= set(item)
        assert 0 <= item["quality"]["accuracy"] <= 1
        assert item["timing"]["bandwidth_share"] > 0
        assert item["timing"]["energy"]["joules_an_answer"] > 0
    board = terminal.must("compare", "tiny", "tuned", "small", "--data", "questions", "--yes", "--json").json
    measured = json.loads((terminal.workspace / "runs" / board["run"] / "spec.json").read_text())
    assert len(measured["models"]) == 1, "only what had no figures was measured"
    made = terminal.must("runs", "show", board["run"], "--json").json["artifacts"][0]["id"]
    later = json.loads((terminal.workspace / "artifacts" / made / "report.json").read_text())
    whole, int8 = (said["models"][0]["timing"]["weight_bytes_a_token"] for said in (report, later))
    assert int8 < whole, "an exported model's weights are counted in its graph"
    assert [item["role"] for item in board["models"]] == ["base", "tuned", "tuned"]
    assert {item["quality"]["n"] for item in board["models"]} == {board["rows"]}
    assert sum(item["recommended"] for item in board["models"]) == int(not board["hardly_useful"])
    with closing(
        Workspace(terminal.workspace)
    ) as workspace:  # what was measured says how long the next takes
        ids = [workspace.artifact(name, "model").id for name in ("tiny", "small")]
        spec = EvaluateSpec(models=ids, data=workspace.artifact("questions", "dataset").id)
        assert (EvaluationTimes(workspace).seconds(spec, board["rows"]) or 0) > 0
    answer = terminal.must(
        "chat", "small", "--prompt", "where is my card?", "--set", "max_new_tokens=8", "--json"
    )
    assert answer.json["tokens"] <= 8


def test_ctrl_c_once_stops_and_keeps_with_0_and_resume_goes_on_under_the_same_id(terminal):
    process = terminal.start("finetune", "--model", "tiny", "--data", "questions", *LONG, "--name", "stopped")
    run = wait_until_trained(terminal, "stopped", 5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Stopped and kept" in out
    assert state(terminal, run) == "stopped"
    assert terminal.must("models", "show", "stopped", "--json").json["run"] == run
    process = terminal.start("runs", "resume", run)
    time.sleep(3)
    assert state(terminal, run) in ("starting", "running")
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 0


def test_ctrl_c_twice_cancels_with_130(terminal):
    process = terminal.start(
        "finetune", "--model", "tiny", "--data", "questions", *LONG, "--name", "cancelled"
    )
    run = wait_until_trained(terminal, "cancelled", 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130), err
    assert state(terminal, run) in ("cancelled", "stopped")


def test_cancel_from_another_terminal(terminal):
    process = terminal.start(
        "finetune", "--model", "tiny", "--data", "questions", *LONG, "--name", "elsewhere"
    )
    run = wait_until_trained(terminal, "elsewhere", 1)
    assert terminal.run("data", "add", __file__).code in (2, 3), "a second executor is refused"
    terminal.must("runs", "cancel", run)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert state(terminal, run) == "cancelled"
    terminal.must("runs", "remove", run)
    assert terminal.run("runs", "show", run).code == 2


def test_a_killed_command_leaves_a_crashed_run_that_resumes_under_its_id(terminal):
    process = terminal.start(
        "finetune",
        "--model",
        "tiny",
        "--data",
        "questions",
        "--set",
        "max_steps=120",
        "--set",
        "epochs=100",
        "--set",
        "batch_size=4",
        "--set",
        "checkpoint_every=20",
        "--set",
        "sample_prompts=0",
        "--name",
        "killed",
    )
    run = wait_until_trained(terminal, "killed", 15)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    listed = next(item for item in terminal.must("runs", "list", "--json").json if item["id"] == run)
    assert listed["state"] == "crashed"
    events = terminal.must("runs", "log", run, "--json").json["events"]
    assert any(event["ev"] == "metrics" for event in events), "its history is still there"
    resumed = terminal.must("runs", "resume", run, "--json").json
    assert (resumed["id"], resumed["state"]) == (run, "succeeded")
    assert resumed["artifacts"][0]["name"] == "killed"


RECIPE = """\
version: 1
steps:
- name: first
  kind: finetune
  set: {model: tiny, data: questions, max_steps: 2, sample_prompts: 0}
- name: second
  kind: finetune
  set: {model: tiny, data: questions, max_steps: 150, epochs: 100, batch_size: 4, sample_prompts: 0}
"""


@pytest.mark.timeout(300)
def test_a_recipe_that_was_interrupted_goes_on_in_the_middle_of_its_step(terminal, tmp_path):
    recipe = tmp_path / "two.yaml"
    recipe.write_text(RECIPE)
    process = terminal.start("run", str(recipe))
    run = wait_until_trained(terminal, "second", 5)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)

    assert process.returncode == 130, err
    assert "The same command goes on from here." in err
    assert state(terminal, run) == "stopped"
    stopped_at = steps_of(terminal, run)[-1]
    assert 5 <= stopped_at < 150

    first, second = terminal.must("run", str(recipe), "--json").json["steps"]

    assert first["made_before"]
    assert (second["id"], second["state"]) == (run, "succeeded")
    steps = steps_of(terminal, run)
    assert steps[-1] == 150
    assert steps == sorted(set(steps)), "no step was done twice"
    assert all(step["made_before"] for step in terminal.must("run", str(recipe), "--json").json["steps"])


def steps_of(terminal: Terminal, run: str) -> list[int]:
    """The training steps that a run has said, in order."""
    events = terminal.must("runs", "log", run, "--json").json["events"]
    return [event["step"] for event in events if event["ev"] == "metrics" and "loss" in event["values"]]


def test_a_damaged_model_is_refused_before_anything_runs(terminal):
    terminal.must(
        "finetune", "--model", "tiny", "--data", "questions", "--set", "max_steps=1", "--name", "hurt"
    )
    folder = Path(terminal.must("models", "show", "hurt", "--json").json["folder"])
    weights = folder / "adapter_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    for command in (["chat", "hurt", "--prompt", "hi"], ["models", "show", "hurt"], ["quantize", "hurt"]):
        answer = terminal.run(*command)
        assert answer.code in (1, 2)
        assert "not what it was" in answer.err
