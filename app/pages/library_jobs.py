"""Follows the jobs of one kind that add to the library, so that their page can show them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from core.workspace.records import ENDED, Run


class LibraryJobs(QObject):
    """Runs of a kind that wait or work, and the last error of one that was started from here.

    Args:
        bridge: Runs the jobs.
        kind: Kind of job.
        parent: Owner.

    Signals:
        changed: Another run waits, works or has ended.
        succeeded: Id of a run started from here that has ended well.
        failed: A run started from here that has ended badly.
    """

    changed = Signal()
    succeeded = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, kind: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._kind = kind
        self._watched: set[str] = set()
        self.open_runs: list[Run] = []
        bridge.run_changed.connect(self._on_run_changed)
        self.refresh()

    def watch(self, run: Run) -> None:
        """Reports how this run ends."""
        self._watched.add(run.id)
        self.refresh()

    def refresh(self) -> None:
        """Reads the runs again."""
        runs = self._bridge.workspace.store.runs()
        self.open_runs = [run for run in runs if run.kind == self._kind and run.state not in ENDED]

    @Slot(str)
    def _on_run_changed(self, run_id: str) -> None:
        self.refresh()
        self.changed.emit()
        if run_id not in self._watched:
            return
        run = self._bridge.workspace.store.run(run_id)
        if run.state not in ENDED:
            return
        self._watched.discard(run_id)
        if run.state == "succeeded":
            self.succeeded.emit(run_id)
        elif run.state in ("failed", "crashed"):
            self.failed.emit(run)
