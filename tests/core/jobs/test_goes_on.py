"""Whether a resume goes on where a run was is found in its folder, and said in words."""

from __future__ import annotations

import io

import pytest

from core.jobs import goes_on, submission
from core.jobs.context import JobContext
from core.jobs.goes_on import GoesOn
from core.workspace import manifest
from core.workspace.workspace import Workspace


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (GoesOn("layers", 12, 30), "Goes on after layer 12 of 30"),
        (GoesOn("rows", 1280, 1500), "Goes on after row 1,280 of 1,500"),
        (GoesOn("steps", 3), "Goes on after step 3"),
        (GoesOn("bytes", 12_340_000, 270_000_000), "Goes on after 12.3 of 270.0 MB"),
        (GoesOn(), "Begins anew: nothing had been kept yet"),
        (GoesOn(keeps=False), "Begins anew: such a job keeps nothing on its way"),
    ],
)
def test_it_is_said_in_a_sentence(found: GoesOn, said: str) -> None:
    assert found.sentence == said


def test_what_an_engine_has_kept_is_found_after_its_process_is_gone(workspace: Workspace) -> None:
    run = workspace.store.add_run("quantize", "small", {}, [])
    folder = workspace.run_folder(run.id)
    folder.mkdir(parents=True)
    assert goes_on.find(workspace, run) == GoesOn()
    job = JobContext(folder, {}, io.StringIO())
    job.goes_on_after("layers", 11, 30)
    job.goes_on_after("layers", 12, 30)
    workspace.store.set_state(run.id, "running")

    submission.recover(workspace)

    crashed = workspace.store.run(run.id)
    assert goes_on.offered(workspace, crashed) == GoesOn("layers", 12, 30)
    assert crashed.error is not None
    assert crashed.error["fix"] == "Resume it: it goes on after layer 12 of 30."


def test_a_crash_speaks_of_what_such_a_job_keeps(workspace: Workspace) -> None:
    run = workspace.store.add_run("evaluate", "figures", {}, [])
    workspace.store.set_state(run.id, "running")
    submission.recover(workspace)
    error = workspace.store.run(run.id).error
    assert error is not None
    assert error["fix"] == "Resume it: it begins anew: such a job keeps nothing on its way."


def test_of_a_training_the_checkpoint_counts_that_is_there(workspace: Workspace) -> None:
    run = workspace.store.add_run("finetune", "tuned", {}, [])
    saved = workspace.run_folder(run.id) / "checkpoints" / "step-40"
    saved.mkdir(parents=True)
    JobContext(workspace.run_folder(run.id), {}, io.StringIO()).goes_on_after("steps", 60, 281)
    assert goes_on.find(workspace, run) == GoesOn(), "half a checkpoint is none"
    manifest.write(saved)
    assert goes_on.find(workspace, run) == GoesOn("steps", 40, 281)


def test_what_would_be_refused_again_offers_no_resume(workspace: Workspace) -> None:
    run = workspace.store.add_run("finetune", "tuned", {}, [])
    workspace.store.set_state(run.id, "failed", error={"kind": "input", "what": "No rows."})
    assert goes_on.offered(workspace, workspace.store.run(run.id)) is None
    workspace.store.set_state(run.id, "succeeded")
    assert goes_on.offered(workspace, workspace.store.run(run.id)) is None
