"""What a supervisor makes of children that behave, and of those that do not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.errors import CancelledError, from_dict
from core.jobs import run_folder, submission
from core.jobs.supervisor import Supervisor
from core.specs import AddModelSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

CHILDREN = Path(__file__).with_name("children.py")


def command(name: str) -> list[str]:
    return [sys.executable, str(CHILDREN), name]


def supervise(workspace: Workspace, name: str, **options: float) -> tuple[Supervisor, Run]:
    run = submission.submit(workspace, AddModelSpec(source="starter", name=name), name)
    supervisor = Supervisor(workspace, run, command=command(name), **options)
    supervisor.start()
    return supervisor, run


def finish(workspace: Workspace, supervisor: Supervisor) -> Run:
    assert supervisor.wait(30), "the supervisor did not end"
    return workspace.store.run(supervisor.run_id)


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def said_hello(workspace: Workspace, run: Run) -> dict | None:
    events = run_folder.replay(workspace.run_folder(run.id))
    return next((event.fields for event in events if event.ev == "hello"), None)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_good_child_ends_as_succeeded_with_its_result_and_curve(workspace):
    supervisor, _ = supervise(workspace, "happy")
    run = finish(workspace, supervisor)
    assert (run.state, run.result) == ("succeeded", {"answer": 42})
    assert workspace.store.metrics(run.id) == {"loss": [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]}


def test_the_log_holds_what_the_mailbox_gave_numbered_without_gaps(workspace):
    supervisor, run = supervise(workspace, "happy")
    finish(workspace, supervisor)
    events = run_folder.replay(workspace.run_folder(run.id))
    assert [event.ev for event in events] == [event.ev for event in supervisor.mailbox]
    assert [event.seq for event in events] == list(range(len(events)))
    assert sum(event.is_terminal for event in events) == 1


def test_prints_of_libraries_go_to_the_log_and_nothing_follows_the_terminal_event(workspace):
    supervisor, run = supervise(workspace, "noisy")
    assert finish(workspace, supervisor).state == "succeeded"
    log = (workspace.run_folder(run.id) / "worker.log").read_bytes()
    assert b"a library prints" in log
    assert b"broken bytes" in log
    assert workspace.store.run(run.id).result == {}


def test_a_segfault_is_a_crash_that_says_so_and_can_be_resumed(workspace):
    supervisor, _ = supervise(workspace, "crash")
    run = finish(workspace, supervisor)
    assert run.state == "crashed"
    assert "signal 11" in run.error["why"]
    assert "something native went wrong" in run.error["details"]
    assert run.can_resume


def test_an_exit_without_a_result_is_a_crash(workspace):
    supervisor, _ = supervise(workspace, "silent_exit")
    run = finish(workspace, supervisor)
    assert run.state == "crashed"
    assert "code 7" in run.error["why"]


def test_an_error_keeps_what_why_and_fix(workspace):
    supervisor, _ = supervise(workspace, "fails")
    run = finish(workspace, supervisor)
    assert run.state == "failed"
    assert (run.error["what"], run.error["why"], run.error["fix"]) == (
        "No rows.",
        "All are empty.",
        "Add rows.",
    )


def test_stop_reaches_the_child_and_keeps_what_it_has(workspace):
    supervisor, run = supervise(workspace, "stops")
    wait_for(lambda: said_hello(workspace, run) is not None)
    supervisor.stop()
    ended = finish(workspace, supervisor)
    assert (ended.state, ended.result) == ("stopped", {"kept": 1})


def test_a_stop_that_found_nothing_to_keep_is_no_cancel(workspace):
    supervisor, run = supervise(workspace, "has_nothing")
    wait_for(lambda: said_hello(workspace, run) is not None)
    supervisor.stop()
    ended = finish(workspace, supervisor)
    assert (ended.state, ended.kept_nothing, ended.can_resume) == ("stopped", True, True)


def test_cancel_ends_a_hanging_child_soon(workspace):
    supervisor, run = supervise(workspace, "hang")
    wait_for(lambda: said_hello(workspace, run) is not None)
    began = time.monotonic()
    supervisor.cancel()
    assert finish(workspace, supervisor).state == "cancelled"
    assert time.monotonic() - began < 10


def test_a_child_that_ignores_stop_and_terminate_is_killed_with_its_own_children(workspace):
    supervisor, run = supervise(workspace, "ignores_stop", stop_grace_s=0.5)
    wait_for(lambda: said_hello(workspace, run) is not None)
    supervisor.stop()
    wait_for(lambda: supervisor.grace_left_s is not None)
    ended = finish(workspace, supervisor)
    assert ended.state == "stopped"
    assert ended.kept_nothing
    assert ended.error["what"] == f"The run {run.id} did not stop in time and was ended."
    assert f"`slm-workbench runs resume {run.id}`" in ended.error["fix"]
    assert "checkpoint" not in ended.error["fix"], "adding a model keeps none"
    assert isinstance(from_dict(ended.error), CancelledError), "the person asked for it, so it is no failure"
    grandchild = said_hello(workspace, run)["grandchild"]
    wait_for(lambda: gone(grandchild))


def test_a_flood_of_events_arrives_whole(workspace):
    supervisor, run = supervise(workspace, "floods")
    assert finish(workspace, supervisor).state == "succeeded"
    assert len(workspace.store.metrics(run.id)["loss"]) == 20_000


def test_memory_of_the_whole_tree_is_sampled_by_the_parent(workspace):
    supervisor, _ = supervise(workspace, "stops")
    wait_for(lambda: any(event.ev == "resources" for event in list(supervisor.mailbox)))
    supervisor.stop()
    finish(workspace, supervisor)
    sample = next(event for event in supervisor.mailbox if event.ev == "resources")
    assert sample["rss_bytes"] > 1_000_000


def test_a_log_line_cut_by_a_crash_costs_no_later_line(workspace):
    supervisor, run = supervise(workspace, "crash")
    finish(workspace, supervisor)
    log = workspace.run_folder(run.id) / "events.jsonl"
    before = len(run_folder.replay(log.parent))
    with open(log, "ab") as file:
        file.write(b'{"v":1,"seq":99,"t":1,"ev":"met')
    resumed = submission.resume(workspace, run.id)
    supervisor = Supervisor(workspace, resumed, command=command("happy"))
    supervisor.start()
    assert finish(workspace, supervisor).state == "succeeded"
    later = [event.ev for event in run_folder.replay(log.parent)[before:] if event.ev != "resources"]
    assert later[:3] == ["state", "state", "hello"]


def test_what_was_kept_before_a_resume_is_renamed_and_the_log_says_so(workspace):
    supervisor, run = supervise(workspace, "leaves_a_file")
    finish(workspace, supervisor)
    workspace.store.set_state(run.id, "stopped")
    supervisor = Supervisor(workspace, submission.resume(workspace, run.id), command=command("leaves_a_file"))
    supervisor.start()
    finish(workspace, supervisor)

    said = [
        event.get("text")
        for event in run_folder.replay(workspace.run_folder(run.id))
        if event.ev == "warning"
    ]
    assert said == [f"What was kept of {run.name} when it was stopped is now called {run.name}-partial."]
    assert {item.name for item in workspace.store.artifacts()} == {run.name, f"{run.name}-partial"}


def test_the_child_and_its_children_end_when_their_parent_is_killed(tmp_path: Path):
    script = f"""
import sys, time
from pathlib import Path
from core.jobs import submission
from core.jobs.supervisor import Supervisor
from core.specs import AddModelSpec
from core.workspace.workspace import Workspace
workspace = Workspace(Path({str(tmp_path / "work")!r}))
with workspace.execution_lock():
    run = submission.submit(workspace, AddModelSpec(source="starter", name="x"), "x")
    Supervisor(workspace, run, command={command("ends_with_stdin")!r}).start()
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    log = tmp_path / "work" / "runs" / "add-model-1" / "events.jsonl"
    wait_for(lambda: log.exists() and '"hello"' in log.read_text())
    hello = next(json.loads(line) for line in log.read_text().splitlines() if '"hello"' in line)
    parent.kill()
    parent.wait()
    wait_for(lambda: gone(hello["grandchild"]))
    workspace = Workspace(tmp_path / "work")
    assert submission.recover(workspace) == ["add-model-1"]
    run = workspace.store.run("add-model-1")
    assert run.state == "crashed"
    assert run.error["fix"].startswith("Resume")
    assert len(run_folder.replay(log.parent)) >= 2, "its history is still there"
    workspace.close()
