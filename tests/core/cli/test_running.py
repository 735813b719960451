"""What a command says while its run works, and when it ends without anything to use."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli.console import Output
from core.cli.running import RunDisplay, require_kept
from core.errors import CancelledError
from core.jobs import unanswered
from core.jobs.events import Event
from core.workspace import manifest
from core.workspace.records import Run, State
from core.workspace.workspace import Workspace


def test_a_resumed_run_says_where_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with RunDisplay(Output(), "Fine-tune") as display:
        phase = {"name": "training", "total": 14, "unit": "steps", "done": 3}
        display.take(Event("phase", 1, 100.0, phase))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Continues after step 3 of 14."
    assert said[1].startswith("Fine-tune: training  3 of 14 steps")


def test_the_end_of_a_phase_is_no_time_left_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with RunDisplay(Output(), "Evaluating") as display:
        display.take(Event("phase", 1, 100.0, {"name": "measuring", "total": 80, "unit": "answers"}))
        display._plain_at = float("-inf")
        display.take(Event("progress", 2, 160.0, {"done": 80, "total": 80, "left_s": 0.2}))
    assert capsys.readouterr().err.splitlines()[-1] == "Evaluating: measuring  80 of 80 answers  finishing"


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (None, "The run r1 was cancelled."),
        ({"kind": "cancelled", "what": "w"}, "The run r1 was stopped before there was anything to use."),
    ],
)
def test_a_stop_that_kept_nothing_is_not_called_a_cancel(
    tmp_path: Path, error: dict[str, str] | None, what: str
) -> None:
    workspace = Workspace(tmp_path)
    state: State = "stopped" if error else "cancelled"
    run = Run(1, "r1", "distill", "student", {}, state, False, 0.0, None, None, error=error)
    with pytest.raises(CancelledError) as ended:
        require_kept(workspace, run)
    workspace.close()
    assert ended.value.what == what
    assert ended.value.fix == "`slm-workbench runs resume r1` begins anew: nothing had been kept yet."


@pytest.mark.parametrize(
    ("kind", "checkpoints", "goes_on"),
    [
        ("finetune", True, "it goes on after step 3."),
        ("finetune", False, "it begins anew: nothing had been kept yet."),
        ("quantize", False, "it begins anew: nothing had been kept yet."),
        ("evaluate", False, "it begins anew: such a job keeps nothing on its way."),
    ],
)
def test_a_stop_without_an_answer_names_the_run_and_how_it_goes_on(
    tmp_path: Path, kind: str, checkpoints: bool, goes_on: str
) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.store.add_run(kind, "x", {}, [])
    if checkpoints:
        saved = workspace.run_folder(run.id) / "checkpoints" / "step-3"
        saved.mkdir(parents=True)
        manifest.write(saved)
    error = unanswered.error(workspace, run, 120.0)
    workspace.store.set_state(run.id, "stopped", error=error)

    with pytest.raises(CancelledError) as ended:
        require_kept(workspace, workspace.store.run(run.id))
    workspace.close()

    assert ended.value.exit_code == 130
    assert ended.value.what == f"The run {run.id} did not stop in time and was ended."
    assert ended.value.fix == f"Resume (`slm-workbench runs resume {run.id}`): {goes_on}"
