"""An export that holds shorter conversations than its source says so, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.models import context
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path / "workspace")
    yield made
    made.close()


def add(workspace: Workspace, name: str, run_id: str = "", **meta: Any) -> Artifact:
    folder = workspace.artifact_folder(name)
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    sealed = manifest.write(folder)
    made = Artifact(name, "model", name, sealed.digest, sealed.total_bytes, time.time(), run_id, meta)
    workspace.store.add_artifact(made)
    return made


def test_an_export_names_the_longer_conversation_of_what_it_was_made_from(workspace: Workspace) -> None:
    base = add(workspace, "base", format="hf", context=8192)
    tuned = add(workspace, "tuned", format="adapter", base=base.id)
    run = workspace.store.add_run("quantize", "small", {"model": tuned.id}, [tuned.id])
    small = add(workspace, "small", run.id, format="onnx", context=2048)
    whole = add(workspace, "whole", run.id, format="onnx", context=8192)

    assert context.longest_before(workspace, small) == 8192
    assert context.longest_before(workspace, whole) == 0, "nothing was cut short"
    assert context.longest_before(workspace, base) == 0, "it is no export"
    workspace.store.remove_artifact(base.id)
    assert context.longest_before(workspace, small) == 0, "nobody knows any more"


def test_the_command_says_why_and_how_to_change_it(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    base = add(workspace, "base", format="hf", context=8192)
    run = workspace.store.add_run("quantize", "small", {"model": base.id}, [base.id])
    add(workspace, "small", run.id, format="onnx", context=2048)

    def shown(name: str) -> str:
        assert main(["--workspace", str(workspace.root), "models", "show", name]) == 0
        return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("context"))

    assert shown("base").split() == ["context", "8192", "tokens"]
    assert "2048 tokens: it was built for" in shown("small")
    assert "its source holds 8192" in shown("small")
    assert "--set max_length=N" in shown("small")
