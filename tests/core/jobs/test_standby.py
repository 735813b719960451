"""A worker that waits for its job: taken when it fits, ended when it does not, and never left behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.jobs import run_folder, submission
from core.jobs.sampling import cores
from core.jobs.standby import STANDBY
from core.jobs.supervisor import Supervisor
from core.specs import ImportDataSpec, Spec
from core.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "work")
    yield workspace
    STANDBY.close()
    workspace.close()


@pytest.fixture
def spec(tmp_path: Path) -> ImportDataSpec:
    file = tmp_path / "mails.csv"
    rows = [f"question {number},{'card' if number % 2 else 'loan'}" for number in range(30)]
    file.write_text("\n".join(["text,label", *rows]))
    return ImportDataSpec(source=str(file), name="mails", roles={"user": "text", "label": "label"})


def run(workspace: Workspace, spec: Spec, name: str) -> tuple[str, int]:
    """Executes a job; returns its state and its worker's pid."""
    queued = submission.submit(workspace, spec, name)
    supervisor = Supervisor(workspace, queued)
    supervisor.start()
    assert supervisor.wait(60)
    events = run_folder.replay(workspace.run_folder(queued.id))
    pid = next(event.get("pid") for event in events if event.ev == "hello")
    ended = workspace.store.run(queued.id)
    assert ended.state == "succeeded", ended.error
    return queued.id, pid


def waiting() -> psutil.Process | None:
    child = STANDBY._child
    return psutil.Process(child.pid) if child is not None else None


def test_the_next_job_gets_the_waiting_worker_with_its_own_folder_and_log(
    workspace: Workspace, spec: ImportDataSpec
) -> None:
    STANDBY.announce("import_data")
    _, first = run(workspace, spec, "one")
    ready = waiting()
    assert ready is not None
    assert ready.pid != first

    STANDBY.announce("")
    second, pid = run(workspace, spec, "two")
    assert pid == ready.pid
    assert (workspace.run_folder(second) / "worker.log").exists()
    assert json.loads((workspace.run_folder(second) / "job.json").read_text())["name"] == "two"
    assert waiting() is None


def test_a_job_of_another_kind_or_with_other_threads_gets_a_worker_of_its_own(
    workspace: Workspace, spec: ImportDataSpec, tmp_path: Path
) -> None:
    STANDBY.announce("inspect_data")
    STANDBY.prepare()
    ready = waiting()
    assert ready is not None
    _, pid = run(workspace, spec, "one")
    assert pid != ready.pid
    assert STANDBY.take("inspect_data", cores() + 1, tmp_path) is None

    STANDBY.close()
    assert not ready.is_running()


def test_a_worker_that_died_while_it_waited_costs_nothing(workspace: Workspace, spec: ImportDataSpec) -> None:
    STANDBY.announce("import_data")
    STANDBY.prepare()
    ready = waiting()
    assert ready is not None
    os.kill(ready.pid, 9)
    ready.wait(10)
    STANDBY.announce("")
    _, pid = run(workspace, spec, "one")
    assert pid != ready.pid
