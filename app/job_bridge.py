"""Brings what the job queue says into the GUI thread, at a pace that a window can follow.

A timer drains the queue's mailbox; the work of a job never emits a Qt signal itself. Another one looks for
what commands did to runs of the same workspace meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from app.models.run_progress import RunProgress
from app.settings import SettingsFile
from core.jobs import submission
from core.jobs.events import Event
from core.jobs.queue import JobQueue
from core.specs import Spec
from core.workspace.records import ENDED, Run
from core.workspace.workspace import Workspace

_DRAIN_MS = 66
_MEMORY_MS = 2000
_OTHERS_MS = 2000
_S = TypeVar("_S", bound=Spec)


class JobBridge(QObject):
    """The only way of the window to run jobs; GUI thread only.

    Signals:
        events_arrived: A run id and its new events in order, at most 15 times a second.
        run_changed: Id of a run that was queued or changed its state.
        library_changed: An artifact was added or removed.
        memory_sampled: Bytes of this computer's memory in use, and all of it.
    """

    events_arrived = Signal(str, list)
    run_changed = Signal(str)
    library_changed = Signal()
    memory_sampled = Signal(object, object)

    def __init__(
        self, workspace: Workspace, settings: SettingsFile | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self._settings = settings
        self.queue = JobQueue(workspace)
        self._started = False
        self._progress: dict[str, RunProgress] = {}
        self._own: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_MS)
        self._timer.timeout.connect(self.drain)
        self._memory_timer = QTimer(self)
        self._memory_timer.setInterval(_MEMORY_MS)
        self._memory_timer.timeout.connect(self._sample_memory)
        self._states: dict[str, str] = {}
        self._others_timer = QTimer(self)
        self._others_timer.setInterval(_OTHERS_MS)
        self._others_timer.timeout.connect(self.look_at_others)

    def start(self) -> None:
        """Begins to execute what waits and to report it."""
        self.queue.start()
        self._started = True
        self._timer.start()
        self._memory_timer.start()
        self._sample_memory()
        self._states = self._stored_states()
        self._others_timer.start()

    def complete(self, spec: _S) -> _S:
        """A spec that names no number of threads takes the person's own."""
        threads = self._settings.values.threads if self._settings is not None else None
        if threads is not None and getattr(spec, "threads", threads) is None:
            return spec.model_copy(update={"threads": threads})
        return spec

    def submit(
        self, spec: Spec, name: str, warnings: Sequence[str] = (), brings: Mapping[str, str] | None = None
    ) -> Run:
        """Queues a completed job; its log begins with the warnings, its folder with what it brings.

        Raises:
            InputError: An input is missing or the name is taken.
        """
        run = submission.submit(self.workspace, self.complete(spec), name, warnings, brings)
        self.take(run)
        return run

    def resume(self, run_id: str) -> Run:
        """Puts an ended run back into the queue.

        Raises:
            InputError: It cannot go on.
        """
        run = submission.resume(self.workspace, run_id)
        self.take(run)
        return run

    def take(self, run: Run) -> None:
        """Begins to follow a run that was put into the queue just now, as new or to go on."""
        self._progress.pop(run.id, None)
        self._own.add(run.id)
        self.queue.wake()
        self.run_changed.emit(run.id)

    def stop(self, run_id: str) -> None:
        """Ends a run and keeps what there is.

        Raises:
            InputError: It is over.
        """
        self.queue.stop(run_id)

    def cancel(self, run_id: str) -> None:
        """Ends a run now; what it saved stays in its folder.

        Raises:
            InputError: It is over.
        """
        self.queue.cancel(run_id)

    def progress(self, run_id: str) -> RunProgress:
        """How far a run of this session is."""
        return self._progress.setdefault(run_id, RunProgress())

    @property
    def running_id(self) -> str:
        """Id of the run that is executed now, or an empty text."""
        current = self.queue.current
        return current.run_id if current is not None else ""

    @property
    def grace_left_s(self) -> float | None:
        """Seconds a stopping job still has."""
        current = self.queue.current
        return current.grace_left_s if current is not None else None

    @property
    def memory_total(self) -> int:
        """All memory of this computer in bytes."""
        return int(psutil.virtual_memory().total)

    def drain(self) -> None:
        """Hands on everything that has arrived since the last tick."""
        batches: dict[str, list[Event]] = {}
        mailbox = self.queue.mailbox
        for _ in range(len(mailbox)):
            run_id, event = mailbox.popleft()
            batches.setdefault(run_id, []).append(event)
        for run_id, events in batches.items():
            progress = self.progress(run_id)
            for event in events:
                progress.take(event)
            self.events_arrived.emit(run_id, events)
            if any(event.ev == "state" for event in events):
                self._states[run_id] = self._stored_states().get(run_id, "")
                if self._states[run_id] in ENDED:
                    self._own.discard(run_id)  # a command may resume it
                self.run_changed.emit(run_id)
            if any(event.ev == "artifact" for event in events):
                self.library_changed.emit()

    def look_at_others(self) -> None:
        """Reports runs that another process began, ended or removed; its own report themselves."""
        before, self._states = self._states, self._stored_states()
        changed = [
            id
            for id in before.keys() | self._states.keys()
            if before.get(id) != self._states.get(id) and id not in self._own
        ]
        for id in changed:
            self.run_changed.emit(id)
        if changed:
            self.library_changed.emit()

    def _stored_states(self) -> dict[str, str]:
        return {run.id: run.state for run in self.workspace.store.runs()}

    def close(self, timeout_s: float) -> bool:
        """Takes no further run; True when nothing runs any more."""
        self._others_timer.stop()
        self._timer.stop()
        self._memory_timer.stop()
        return not self._started or self.queue.close(timeout_s)

    def _sample_memory(self) -> None:
        memory = psutil.virtual_memory()
        self.memory_sampled.emit(memory.total - memory.available, memory.total)
