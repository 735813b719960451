"""Several adapters over one model by command: learnt, repeated, compared, merged, exported, spoken to."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from core.cli.main import main
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import Terminal, with_tiny

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
