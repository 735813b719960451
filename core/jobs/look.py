"""A short job that only answers a question: no run, nothing of it is stored."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from pathlib import Path

from core.errors import CancelledError, JobError, from_dict
from core.jobs.child import explain_exit
from core.jobs.events import Event
from core.jobs.session import open_child
from core.specs import Spec
from core.workspace import scratch
from core.workspace.workspace import Workspace

_POLL_S = 0.1
PATIENCE_S = 120.0


def look(
    workspace: Workspace,
    spec: Spec,
    cancelled: threading.Event | None = None,
    *,
    patience_s: float = PATIENCE_S,
    said: list[Event] | None = None,
    folder: Path | None = None,
    threads: int = 1,
) -> list[Event]:
    """Runs a job in a child and gives what it said.

    Args:
        workspace: Where its inputs are.
        spec: The job; nothing that it makes is kept.
        cancelled: Set from another thread, it ends the child.
        patience_s: How long it may take.
        said: Takes the events, also those before an error.
        threads: Cores it may use.
        folder: Where it works, for a caller who needs a file of it or brings one; it stays.

    Raises:
        CancelledError: `cancelled` was set.
        WorkbenchError: The job says why it could not answer.
    """
    own = folder is None
    folder = folder or scratch.make(workspace.root, "look")
    try:
        child = open_child(workspace, spec, folder, threads)
        try:
            said = [] if said is None else said
            end = time.monotonic() + patience_s
            while True:
                if cancelled is not None and cancelled.is_set():
                    raise CancelledError("Nobody waits for the answer any more.")
                if time.monotonic() > end:
                    raise JobError(
                        "The answer took too long.",
                        why=f"Nothing after {patience_s:.0f} seconds.",
                        fix="Try again when the computer is less busy.",
                    )
                try:
                    event = child.lines.get(timeout=_POLL_S)
                except queue.Empty:
                    continue
                if event is None:
                    code = child.poll()
                    raise from_dict(explain_exit(code if code is not None else 1, folder / "worker.log"))
                if event.ev == "error":
                    raise from_dict({key: str(value) for key, value in event.fields.items()})
                if event.ev == "done":
                    return said
                said.append(event)
        finally:
            child.close()
    finally:
        if own:
            shutil.rmtree(folder, ignore_errors=True)
