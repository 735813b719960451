"""How far a run is, how long it takes, and whether a resume goes on, in words."""

from __future__ import annotations

import pytest
import recordings

from app.context import Context
from app.models.run_progress import RunProgress
from app.pages.home.view_model import HomeViewModel
from app.progress_text import count_of, left_text
from core.jobs import run_folder


def test_time_left_follows_the_recent_pace() -> None:
    progress = RunProgress()
    for event in recordings.finetune_events(100, 1000.0):
        progress.take(event)
    assert (progress.phase, progress.done, progress.total) == ("training", 100, recordings.STEPS)
    left = progress.left_s(1100.0)
    assert left is not None
    assert abs(left - 181) < 3


@pytest.mark.parametrize(
    ("seconds", "fraction", "said"),
    [
        (None, 0.5, ""),
        (92.0, 0.5, "1 min 32 s left"),
        (0.3, 1.0, "finishing"),
        (0.0, None, "finishing"),
        (0.0, 0.4, "longer than expected"),
    ],
)
def test_there_is_never_no_time_left_while_it_works(
    seconds: float | None, fraction: float | None, said: str
) -> None:
    assert left_text(seconds, fraction) == said


def test_the_bar_says_what_it_counts() -> None:
    assert count_of("answers", 120, 1360) == "Answer 120 of 1,360"
    assert count_of("layers", 3, 30) == "Layer 3 of 30"
    assert count_of("bytes", 12_000_000, 270_000_000) == "12 MB of 270 MB"
    assert count_of("seconds", 90, 300) == "1 min 30 s of 5 min 0 s"


def test_home_says_of_a_run_that_ended_early_whether_a_resume_goes_on(context: Context) -> None:
    store = context.workspace.store
    done = recordings.add_finetune(context.workspace, "Banking", 281, "succeeded")
    small = store.add_run("quantize", "small", {}, [])
    store.set_state(small.id, "cancelled")
    context.workspace.run_folder(small.id).mkdir(parents=True)
    run_folder.mark_kept(context.workspace.run_folder(small.id), "layers", 12, 30)
    home = HomeViewModel(context.bridge)
    home.refresh()
    assert {run.run_id: run.resume for run in home.recent} == {
        small.id: "Goes on after layer 12 of 30",
        done.id: "",
    }
