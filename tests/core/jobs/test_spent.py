"""Checkpoints go with the success of their run, and only with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs import spent, submission
from core.jobs.supervisor import Supervisor
from core.specs import AddModelSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

CHILDREN = Path(__file__).with_name("children.py")


def queued(workspace: Workspace, name: str) -> Run:
    return submission.submit(workspace, AddModelSpec(source="starter", name=name), name)


def saved(workspace: Workspace, run: Run) -> Path:
    """What the run has saved."""
    return workspace.run_folder(run.id) / "checkpoints"


def finished(workspace: Workspace, name: str) -> Run:
    """A run that saved a checkpoint, left an artifact, and ended as its name says."""
    run = queued(workspace, name)
    supervisor = Supervisor(workspace, run, command=[sys.executable, str(CHILDREN), "saves"])
    supervisor.start()
    assert supervisor.wait(30)
    assert len(workspace.store.artifacts(run_id=run.id)) == 1
    return workspace.store.run(run.id)


def half_done(workspace: Workspace, state: str) -> Run:
    """A run with a checkpoint whose process was killed when the store knew this state of it."""
    run = queued(workspace, "killed")
    (saved(workspace, run) / "step-2").mkdir(parents=True)
    workspace.store.set_state(run.id, state)
    return workspace.store.run(run.id)


def test_a_run_that_has_succeeded_gives_its_checkpoints_back(workspace):
    run = finished(workspace, "succeeded")
    assert run.state == "succeeded"
    assert sorted(path.name for path in workspace.run_folder(run.id).iterdir()) == [
        "events.jsonl",
        "job.json",
        "spec.json",
        "worker.log",
    ]


@pytest.mark.parametrize("state", ["stopped", "failed", "crashed"])
def test_a_run_that_can_be_resumed_keeps_them(workspace, state):
    run = finished(workspace, state)
    submission.recover(workspace)
    assert run.state == state
    assert (saved(workspace, run) / "step-2" / "optimizer.pt").stat().st_size == 1000


def test_killed_before_it_counted_as_succeeded_a_run_keeps_them(workspace):
    run = half_done(workspace, "running")
    assert submission.recover(workspace) == [run.id]
    assert saved(workspace, run).is_dir()


def test_killed_before_they_went_they_go_with_the_next_who_executes(workspace):
    run = half_done(workspace, "succeeded")
    assert spent.is_left(workspace, run)
    submission.recover(workspace)
    assert not spent.is_left(workspace, run)
    assert list(workspace.run_folder(run.id).iterdir()) == []


def test_killed_while_they_went_the_rest_goes_too(workspace, monkeypatch):
    run = half_done(workspace, "succeeded")
    script = f"""
from pathlib import Path
from core.jobs import spent
from core.workspace.workspace import Workspace
workspace = Workspace(Path({str(workspace.root)!r}))
spent.clear(workspace, workspace.store.run({run.id!r}))
"""
    monkeypatch.setenv("SLM_WORKBENCH_KILL_AT", "1")
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    monkeypatch.undo()
    assert "killed at point 1: remove checkpoints" in killed.stderr
    assert not saved(workspace, run).exists()
    assert spent.is_left(workspace, run)

    submission.recover(workspace)
    assert list(workspace.run_folder(run.id).iterdir()) == []


def test_while_another_process_executes_nothing_is_touched(workspace):
    run = half_done(workspace, "succeeded")
    with workspace.execution_lock():
        assert submission.recover(workspace) == []
    assert saved(workspace, run).is_dir()
