"""What a command suggests can be pasted: it names the workspace that was given."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest

from core.cli.commands.jobs import finish, say_what_is_left
from core.cli.console import Output
from core.cli.invocation import Invocation
from core.cli.main import main
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def suggested(text: str) -> list[list[str]]:
    """The words of every command between backticks, without the program's own."""
    found = [part for part in text.split("`")[1::2] if "slm-workbench " in part]
    return [shlex.split(part.partition("slm-workbench ")[2]) for part in found]


def test_what_comes_next_names_the_workspace_that_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "my work"
    workspace = Workspace(root)
    run = workspace.store.add_run("finetune", "bank mails", {"data": "mails"}, [])
    workspace.store.add_artifact(
        Artifact("m1", "model", "bank mails", "0" * 64, 5_000, time.time(), run.id, {})
    )
    workspace.store.set_state(run.id, "succeeded", result={})

    finish(workspace, workspace.store.run(run.id), Output(invocation=Invocation(str(root))))
    workspace.close()

    assert suggested(capsys.readouterr().out) == [
        ["chat", "bank mails", "--workspace", str(root)],
        ["quantize", "bank mails", "--workspace", str(root)],
        ["evaluate", "bank mails", "--data", "mails", "--workspace", str(root)],
    ]


def test_where_none_was_given_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_WORKBENCH_HOME", str(tmp_path / "home"))
    assert main(["models", "list"]) == 0
    assert suggested(capsys.readouterr().out) == [["models", "add", "starter"]]
    assert main(["models", "list", "--workspace", str(tmp_path / "my work")]) == 0
    expected = ["models", "add", "starter", "--workspace", str(tmp_path / "my work")]
    assert suggested(capsys.readouterr().out) == [expected]


def test_a_refusal_s_way_out_can_be_pasted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(tmp_path / "my work")
    assert main(["--workspace", root, "models", "show", "nothing"]) == 2
    assert ["models", "list", "--workspace", root] in suggested(capsys.readouterr().err)


def test_a_cut_model_leads_to_its_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(tmp_path)
    for id, type, name in (("m1", "model", "big"), ("d1", "dataset", "bank mails")):
        workspace.store.add_artifact(Artifact(id, type, name, "0" * 64, 5_000, time.time(), "", {}))
    run = workspace.store.add_run("prune", "small", {"model": "m1", "data": "d1"}, ["m1", "d1"])
    workspace.store.add_artifact(Artifact("m2", "model", "small", "0" * 64, 5_000, time.time(), run.id, {}))
    left = {"layers": 2, "ffn": 64, "vocabulary": 400, "parameters": 5e5, "parameters_before": 1e6}
    result = {**left, "agreement": 0.12, "kl": 6.2, "untaught": True}
    workspace.store.set_state(run.id, "succeeded", result=result)

    say_what_is_left(workspace.store.run(run.id), Output())
    finish(workspace, workspace.store.run(run.id), Output())
    workspace.close()

    said = capsys.readouterr().out
    assert "not taught yet: in 12% of the places of your rows it expects the same next token" in said
    assert suggested(said) == [["distill", "--teacher", "big", "--student", "small", "--data", "bank mails"]]


def test_a_student_far_from_its_teacher_leads_to_what_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(tmp_path)
    for id, type, name in (("m1", "model", "big"), ("m2", "model", "small"), ("d1", "dataset", "bank mails")):
        workspace.store.add_artifact(Artifact(id, type, name, "0" * 64, 5_000, time.time(), "", {}))
    spec = {"model": "m2", "data": "d1", "teachers": ["m1"], "epochs": 3.0}
    run = workspace.store.add_run("distill", "student", spec, ["m1", "m2", "d1"])
    workspace.store.add_artifact(Artifact("m3", "model", "student", "0" * 64, 5_000, time.time(), run.id, {}))
    result = {"teacher_agreement": 0.54, "teacher_retention": 0.61}
    workspace.store.set_state(run.id, "succeeded", result=result)

    finish(workspace, workspace.store.run(run.id), Output())
    workspace.close()

    said = capsys.readouterr().out
    assert "the same at 54% of the places" in said
    assert suggested(said) == [
        ["runs", "repeat", run.id, "--set", "epochs=6"],
        ["generate", "--teacher", "MODEL", "--data", "bank mails"],
        ["finetune", "--model", "big", "--data", "bank mails"],
    ]
