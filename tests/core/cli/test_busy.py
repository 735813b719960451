"""While another process executes a job, a wrong request still hears what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.main import main
from core.workspace import manifest
from core.workspace.workspace import Workspace


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with a model, an exported one and rows, in which a job is executed."""
    workspace = Workspace(tmp_path / "work")
    for name, type, format in (("tuned", "model", "hf"), ("small", "model", "onnx"), ("rows", "dataset", "")):
        run = workspace.store.add_run("finetune", name, {}, [])
        folder = workspace.run_folder(run.id) / "out"
        folder.mkdir(parents=True)
        (folder / "file.bin").write_bytes(name.encode())
        manifest.write(folder)
        workspace.take_artifact(run.id, folder, type, name, {"format": format})
        workspace.store.set_state(run.id, "succeeded")
    with workspace.execution_lock():
        yield workspace
    workspace.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("evaluate", "nobody", "--data", "rows"), "There is no model 'nobody'"),
        (("evaluate", "tuned", "--data", "rows", "--set", "repeats=many"), "repeats"),
        (("finetune", "--model", "small", "--data", "rows"), "cannot use small"),
        (("data", "augment", "rows", "--name", "rows"), "'rows' is already taken"),
        (("runs", "resume", "nothing-9"), "There is no run 'nothing-9'"),
        (("runs", "resume", "finetune-1"), "cannot be resumed"),
    ],
)
def test_what_is_wrong_comes_before_in_use(
    busy: Workspace, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], said: str
) -> None:
    assert main([*command, "--workspace", str(busy.root)]) == 2
    assert said in capsys.readouterr().err


def test_a_sound_request_is_told_that_the_workspace_is_in_use(
    busy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "tuned", "--data", "rows", "--workspace", str(busy.root)]) == 3
    assert "Another SLM Workbench is running a job" in capsys.readouterr().err
