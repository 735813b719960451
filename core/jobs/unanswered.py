"""What is said of a run that a stop had to end, since its process gave no answer in time."""

from __future__ import annotations

from core.jobs import goes_on
from core.workspace.records import Run
from core.workspace.workspace import Workspace

CODE = "job.stop_unanswered"


def error(workspace: Workspace, run: Run, grace_s: float) -> dict[str, str]:
    """The end of such a run: the person wished it, so it has not failed."""
    return {
        "kind": "cancelled",
        "code": CODE,
        "what": f"The run {run.id} did not stop in time and was ended.",
        "why": f"It gave no answer for {grace_s:.0f} seconds.",
        "fix": f"Resume (`slm-workbench runs resume {run.id}`): it {goes_on.find(workspace, run).clause}.",
    }
