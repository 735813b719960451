"""Several adapters over one model by command: learnt, repeated, compared, merged, exported, spoken to."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest

from core.cli import fitting
from core.cli.console import Output
from core.cli.main import main
from core.specs import FinetuneSpec
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import Terminal, with_tiny

Capture: TypeAlias = pytest.CaptureFixture[str]
Disk: TypeAlias = Callable[[float | None], None]
STEPS = ("--set", "max_steps=4", "--set", "sample_prompts=0", "--set", "precision=fp32")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A workspace with a tiny model, its data, and an adapter called `a`."""
    terminal = with_tiny(tmp_path_factory.mktemp("adapters"))
    terminal.must("finetune", "--model", "tiny", "--data", "questions", *STEPS, "--name", "a")
    return terminal


@pytest.fixture(scope="module")
def second(terminal: Terminal) -> dict:
    """The run of `a` once more, with one setting changed."""
    run = next(r for r in terminal.must("runs", "list", "--json").json if r["name"] == "a")
    return terminal.must("runs", "repeat", run["id"], "--set", "seed=18", "--name", "b", "--json").json


def test_a_run_is_repeated_with_one_setting_changed(terminal: Terminal, second: dict) -> None:
    assert second["state"] == "succeeded"
    found = terminal.must("runs", "compare", "a", "b", "--json").json
    assert [item["field"] for item in found["differences"]] == ["seed"]


@pytest.mark.timeout(400)
def test_one_small_model_serves_both_adapters(terminal: Terminal, second: dict) -> None:
    terminal.must("quantize", "tiny", "--recipe", "int8", "--adapters", "a,b", "--name", "both")
    folder = Path(terminal.must("models", "show", "both", "--json").json["folder"])
    assert len(list(folder.rglob("*.onnx_adapter"))) == 2
    report = terminal.must(
        "evaluate", "both:a", "both:b", "both", "--data", "questions",
        "--set", "limit=4", "--set", "latency_prompts=1", "--json",
    ).json  # fmt: skip
    assert [item["model"] for item in report["models"]] == ["both:a", "both:b", "both"]
    assert len({item["quality"]["perplexity"] for item in report["models"]}) == 3
    few = ("--prompt", "I lost my card", "--set", "max_new_tokens=4", "--json")
    assert terminal.must("chat", "both", "--adapter", "b", *few).json["tokens"] <= 4
    refused = terminal.run("chat", "both", "--adapter", "nobody", *few)
    assert refused.code == 2
    assert "nobody" in refused.err


def test_two_adapters_become_one_and_one_becomes_a_whole_model(terminal: Terminal, second: dict) -> None:
    terminal.must("merge", "a", "b", "--weights", "0.75,0.25", "--name", "mixed")
    assert terminal.must("models", "show", "mixed", "--json").json["format"] == "adapter"
    terminal.must("merge", "a", "--name", "whole")
    assert terminal.must("models", "show", "whole", "--json").json["format"] == "hf"
    refused = terminal.run("merge", "a", "b", "--weights", "1", "--name", "wrong")
    assert refused.code == 2


def test_a_smaller_model_is_cut_out_of_one(terminal: Terminal) -> None:
    cut = ("prune", "a", "--data", "questions", "--set", "ffn_share=0.67", "--set", "vocabulary=data")
    done = terminal.must(*cut, "--name", "less", "--json")
    assert done.err.splitlines()[0] == done.json["id"]
    assert (done.json["kind"], done.json["state"]) == ("prune", "succeeded")
    shown = terminal.must("models", "show", "less", "--json").json
    assert (shown["format"], shown["parameters"]) == ("hf", done.json["result"]["parameters"])
    assert done.json["result"]["ffn"] == 64
    few = ("--prompt", "I lost my card", "--set", "max_new_tokens=4", "--json")
    assert terminal.must("chat", "less", *few).json["tokens"] <= 4
    said = terminal.must(
        "prune", "tiny", "--data", "questions", "--set", "ffn_share=0.34", "--name", "thin"
    ).out
    assert "Left are 2 layers with 32 neurons each" in said
    refused = terminal.run("prune", "tiny", "--data", "questions", "--name", "same")
    assert refused.code == 2
    assert "nothing is left out" in refused.err


@pytest.mark.timeout(400)
def test_a_search_finds_settings_by_command(terminal: Terminal) -> None:
    done = terminal.must(
        "search", "finetune", "--model", "tiny", "--data", "questions", *STEPS,
        "--trials", "2", "--minutes", "3", "--name", "sought", "--json",
    ).json  # fmt: skip
    assert done["state"] == "succeeded"
    assert [trial["state"] for trial in done["trials"]] == ["complete", "complete"]


def test_what_does_not_fit_is_refused_unless_insisted(terminal: Terminal, capsys, monkeypatch) -> None:
    """The computer's memory is made small, for this process alone."""
    small = psutil.virtual_memory()._replace(available=50_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: small)
    command = [
        "--workspace", str(terminal.workspace), "finetune", "--model", "tiny", "--data", "questions", *STEPS,
    ]  # fmt: skip
    assert main([*command, "--name", "c"]) == 2
    said = capsys.readouterr().err
    assert "does not fit into memory" in said
    assert "--yes" in said
    assert main([*command, "--name", "c", "--yes", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)["id"]
    log = (Workspace(terminal.workspace).run_folder(run) / "events.jsonl").read_text(encoding="utf-8")
    assert "Started although it needs" in log


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Says how many bytes are free, to this process alone; None makes it impossible to know."""
    real = shutil.disk_usage

    def pretend(free: float | None) -> None:
        def usage(path: Path) -> Any:
            if free is None:
                raise OSError("no such call here")
            return real(path)._replace(free=round(free))

        monkeypatch.setattr(shutil, "disk_usage", usage)

    return pretend


def runs(terminal: Terminal) -> list[str]:
    """Ids of all runs there are."""
    workspace = Workspace(terminal.workspace)
    try:
        return [run.id for run in workspace.store.runs()]
    finally:
        workspace.close()


def fitted(terminal: Terminal, capsys: Capture, *more: str) -> dict[str, Any]:
    """What `fit` says of a full fine-tuning."""
    asked = ["fit", "finetune", "--model", "tiny", "--data", "questions", "--no-measure", *STEPS]
    assert main([*asked, "--method", "full", *more, "--json", "--workspace", str(terminal.workspace)]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("command", "noun"),
    [
        (("finetune", "--model", "tiny", "--method", "full"), "fine-tuning"),
        (("distill", "--teacher", "a", "--student", "tiny"), "distilling"),
    ],
)
def test_what_the_disk_cannot_take_is_refused_before_it_begins(
    terminal: Terminal, capsys: Capture, disk: Disk, command: tuple[str, ...], noun: str
) -> None:
    disk(2_000_000)
    before = runs(terminal)
    here = ["--workspace", str(terminal.workspace)]
    assert main([*command, "--data", "questions", "--name", "big", *STEPS, *here]) == 2
    said = capsys.readouterr().err
    assert f"The disk has too little room for this {noun}." in said
    assert "2.0 MB of the disk are free" in said
    assert f"on the disk of {terminal.workspace}" in said
    assert "--method lora" in said, "an add-on has room: 1.5 MB of checkpoints and itself, of 4.5"
    assert runs(terminal) == before


def test_what_the_disk_cannot_take_is_forecast_all_the_same(
    terminal: Terminal, capsys: Capture, disk: Disk
) -> None:
    disk(2_000_000)
    assert fitted(terminal, capsys)["disk_verdict"] == "no"
    here = ["--workspace", str(terminal.workspace)]
    asked = ["fit", "finetune", "--model", "tiny", "--data", "questions", "--no-measure", *STEPS, *here]
    assert main([*asked, "--method", "full"]) == 0
    said = capsys.readouterr().out
    assert "disk at its fullest" in said
    assert "The disk has too little room. Checkpoints and result take up to" in said


def require(terminal: Terminal, *, yes: bool) -> list[str]:
    """What the log of a full fine-tuning must say, if it may start."""
    workspace = Workspace(terminal.workspace)
    spec = FinetuneSpec(
        model=workspace.artifact("tiny", "model").id,
        data=workspace.artifact("questions", "dataset").id,
        method="full",
        max_steps=4,
    )
    try:
        return fitting.require(workspace, spec, argparse.Namespace(yes=yes), Output())
    finally:
        workspace.close()


def test_who_insists_starts_on_a_small_disk_and_the_log_says_so(terminal: Terminal, disk: Disk) -> None:
    disk(2_000_000)
    (said,) = require(terminal, yes=True)
    assert said.startswith("Started although the disk may have too little room.")


def test_a_disk_that_becomes_nearly_full_is_said_before_and_does_not_keep_it(
    terminal: Terminal, capsys: Capture, disk: Disk
) -> None:
    disk(1.1 * fitted(terminal, capsys)["disk_bytes"]["total"])
    (said,) = require(terminal, yes=False)
    assert said.startswith("The disk becomes nearly full.")
    assert said in capsys.readouterr().out


def test_where_nobody_knows_what_is_free_nothing_is_refused(
    terminal: Terminal, capsys: Capture, disk: Disk
) -> None:
    disk(None)
    assert require(terminal, yes=False) == []
    told = fitted(terminal, capsys)
    assert told["disk_free_bytes"] is None
    assert told["disk_verdict"] is None
