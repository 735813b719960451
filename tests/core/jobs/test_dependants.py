"""What is said before something is removed on which others stand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.main import main
from core.jobs import dependants, submission
from core.workspace import taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def keep(workspace: Workspace, type: str, name: str, run: str = "", **meta: object) -> Artifact:
    artifact = Artifact(f"{type}-{name}", type, name, "0" * 64, 5_000, time.time(), run, meta)
    workspace.store.add_artifact(artifact)
    workspace.artifact_folder(artifact.id).mkdir(parents=True)
    return artifact


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Data with an instruction, a model tuned on it, a student distilled with it, and a report."""
    workspace = Workspace(tmp_path / "work")
    keep(workspace, "dataset", "mails", instruction="Name the topic.")
    keep(workspace, "model", "base")
    for kind, name, type, spec in (
        ("finetune", "tuned", "model", {"model": "model-base", "data": "dataset-mails"}),
        ("distill", "student", "model", {"model": "model-base", "data": "dataset-mails"}),
        ("evaluate", "figures", "report", {"models": ["model-student"], "data": "dataset-mails"}),
        ("fit", "fits", "", {"spec": {}}),
    ):
        inputs = ["dataset-mails", *[spec[field] for field in ("model",) if field in spec]]
        run = workspace.store.add_run(kind, name, spec, inputs)
        workspace.store.set_state(run.id, "succeeded")
        if type:
            keep(workspace, type, name, run.id)
    yield workspace
    workspace.close()


def test_with_data_goes_what_its_models_were_taught(workspace: Workspace) -> None:
    loss = dependants.of_artifact(workspace, workspace.artifact("mails", "dataset"))
    assert set(loss.models) == {"tuned", "student"}
    assert set(loss.runs) == {"tuned", "student", "figures"}, "what leaves nothing is not missed"
    said = " ".join(dependants.sentences(loss))
    assert "which rows of a test were seen" in said
    assert "can no longer be repeated" in said


def test_with_a_run_goes_how_its_model_was_made(workspace: Workspace) -> None:
    loss = dependants.of_run(workspace, workspace.store.run("tuned"))
    assert (loss.made, loss.reports) == (("tuned",), ())
    assert "nothing says any more how it was made" in " ".join(dependants.sentences(loss))
    assert dependants.of_run(workspace, workspace.store.run("figures")).reports == ("figures",)


def test_a_model_and_what_is_made_of_it_keep_the_instruction_that_it_learnt(workspace: Workspace) -> None:
    store = workspace.store
    other = keep(workspace, "dataset", "calibration", instruction="Something else.")
    quantize = store.add_run("quantize", "small", {"model": "model-tuned", "data": other.id}, ["model-tuned"])
    assert taught.left_by(workspace, quantize)["taught_instruction"] == "Name the topic."

    run = store.run("tuned")
    tuned = keep(workspace, "model", "kept", run.id, **taught.left_by(workspace, run))
    store.set_state(quantize.id, "succeeded")
    store.remove_run(run.id)
    store.remove_artifact("dataset-mails")
    assert taught.instruction_of(workspace, tuned.id) == "Name the topic."
    assert taught.instruction_of(workspace, "model-base") == ""


def test_what_nothing_stands_on_goes_without_a_word(workspace: Workspace) -> None:
    assert not dependants.of_artifact(workspace, keep(workspace, "dataset", "alone"))


def test_of_many_names_the_first_are_told() -> None:
    said = dependants.sentences(dependants.Loss(runs=("a", "b", "c", "d", "e")))
    assert said == [
        "The runs a, b, c and 2 more can no longer be repeated, resumed or saved with the jobs before."
    ]


def test_a_script_says_that_it_knows(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--workspace", str(workspace.root), "data", "remove", "mails"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "learnt from it" in said
    assert "--yes" in said
    assert workspace.store.find_artifact("mails") is not None
    assert main([*command, "--yes"]) == 0
    assert "Your file stays" in capsys.readouterr().out
    assert workspace.store.find_artifact("mails") is None


def test_rows_that_a_teacher_wrote_lie_in_no_other_file(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run = workspace.store.add_run("generate", "answered", {"data": "dataset-mails"}, [])
    workspace.store.set_state(run.id, "succeeded")
    keep(workspace, "dataset", "answered", run.id)
    assert main(["--workspace", str(workspace.root), "data", "remove", "answered"]) == 2
    assert "no file of yours has them" in capsys.readouterr().err
    assert main(["--workspace", str(workspace.root), "--yes", "data", "remove", "answered"]) == 0
    assert "Your file stays" not in capsys.readouterr().out


def test_a_run_whose_process_is_gone_keeps_nothing_from_going(workspace: Workspace) -> None:
    data = keep(workspace, "dataset", "alone")
    run = workspace.store.add_run("evaluate", "killed", {"data": data.id}, [data.id])
    workspace.store.set_state(run.id, "running")
    assert submission.require_unneeded(workspace, "alone", "dataset").id == data.id
    assert workspace.store.run(run.id).state == "crashed"


def test_who_sits_at_the_terminal_is_asked(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    assert main(["--workspace", str(workspace.root), "runs", "remove", "tuned"]) == 2
    assert "Go on? [y/N]" in capsys.readouterr().err
    assert workspace.store.run("tuned").name == "tuned"
    assert main(["--workspace", str(workspace.root), "--yes", "runs", "remove", "tuned"]) == 0


def test_what_cannot_be_removed_is_refused_before_anyone_is_asked(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(workspace, "model", "adapter", base="model-base")
    assert main(["--workspace", str(workspace.root), "models", "remove", "base"]) == 2
    said = capsys.readouterr()
    assert "stands on it" in said.err
    assert "can no longer" not in said.err
    assert submission.require_unneeded(workspace, "adapter", "model").name == "adapter"
