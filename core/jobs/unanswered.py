"""What is said of a run that a stop had to end, since its process gave no answer in time."""

from __future__ import annotations

from core.jobs import spent
from core.jobs.registry import KINDS
from core.workspace.records import Run
from core.workspace.workspace import Workspace

CODE = "job.stop_unanswered"


def error(workspace: Workspace, run: Run, grace_s: float) -> dict[str, str]:
    """The end of such a run: the person wished it, so it is cancelled and has not failed."""
    return {
        "kind": "cancelled",
        "code": CODE,
        "what": f"The run {run.id} did not stop in time and was ended.",
        "why": f"It gave no answer for {grace_s:.0f} seconds.",
        "fix": f"Resume (`slm-workbench runs resume {run.id}`) {_how_it_goes_on(workspace, run)}.",
    }


def _how_it_goes_on(workspace: Workspace, run: Run) -> str:
    """What a resume finds; only some jobs keep anything on the way."""
    if spent.has_checkpoints(workspace, run):
        return "goes on from the last checkpoint that was saved"
    if run.kind in KINDS and KINDS[run.kind].resumes:
        return "goes on with what was kept of it, if anything was"
    return "begins it again"
