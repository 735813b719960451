"""What only a resume needs, given back to the disk once its run can no longer be resumed.

A full fine-tuning of 135 M numbers kept 2.2 GB of checkpoints beside a result of 0.3 GB, and 3.8 GB where its
best step was an early one. Nothing reads them once it has succeeded: it is never resumed, and its best step
is its result. That is in the workspace before the run counts as succeeded, and only then they go; a kill
between the two leaves them for whoever executes next.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from core.workspace import durable, manifest
from core.workspace.records import Run
from core.workspace.workspace import Workspace

CHECKPOINTS = "checkpoints"


def is_left(workspace: Workspace, run: Run) -> bool:
    """Whether a run keeps checkpoints that nobody can go on from."""
    return run.state == "succeeded" and durable.leaves_anything(_checkpoints(workspace, run))


def last_step(workspace: Workspace, run: Run) -> int:
    """The step of the newest checkpoint that a run has saved whole; 0 for none."""
    whole = _checkpoints(workspace, run).glob(f"[!.]*/{manifest.NAME}")
    steps = (path.parent.name.rpartition("-")[2] for path in whole)
    return max((int(step) for step in steps if step.isdigit()), default=0)


def clear(workspace: Workspace, run: Run) -> None:
    """Removes a succeeded run's checkpoints, and no other's; the caller holds the execution lock."""
    if is_left(workspace, run):
        with contextlib.suppress(OSError):  # in use elsewhere; the next one who executes tries again
            durable.remove_folder(_checkpoints(workspace, run))


def _checkpoints(workspace: Workspace, run: Run) -> Path:
    return workspace.run_folder(run.id) / CHECKPOINTS
