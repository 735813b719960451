"""Executes queued runs, first in, first out, one at a time.

The window keeps one `JobQueue` alive; the command line calls `execute` for its own run.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable

from core.errors import InUseError
from core.jobs import submission
from core.jobs.events import Event
from core.jobs.supervisor import Supervisor
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_REQUEST_POLL_S = 0.5
_LOCK_RETRY_S = 2.0
_TICK_S = 0.05


def obey_requests(workspace: Workspace, supervisor: Supervisor) -> None:
    """Carries out what other processes asked for."""
    for run_id, verb in workspace.store.take_requests():
        if run_id == supervisor.run_id and verb == "stop":
            supervisor.stop()
        elif run_id == supervisor.run_id and verb == "cancel":
            supervisor.cancel()


def execute(
    workspace: Workspace,
    run: Run,
    on_event: Callable[[Event], None],
    on_start: Callable[[Supervisor], None] | None = None,
) -> Run:
    """Executes one run and returns it as it ended; the caller holds the execution lock.

    Args:
        workspace: Where the run lives.
        run: A queued run.
        on_event: Called in this thread with every event.
        on_start: Gets the supervisor, so that a signal handler can stop or cancel.
    """
    supervisor = Supervisor(workspace, run)
    if on_start is not None:
        on_start(supervisor)
    supervisor.start()
    next_poll = time.monotonic() + _REQUEST_POLL_S
    alive = True
    while alive:
        alive = not supervisor.wait(_TICK_S)
        while supervisor.mailbox:
            on_event(supervisor.mailbox.popleft())
        if time.monotonic() >= next_poll:
            next_poll = time.monotonic() + _REQUEST_POLL_S
            obey_requests(workspace, supervisor)
    return workspace.store.run(run.id)


class JobQueue:
    """A thread that executes whatever waits, for a front end that stays open.

    `mailbox` holds `(run id, event)` pairs for the front end to drain; nothing here calls it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.mailbox: collections.deque[tuple[str, Event]] = collections.deque()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._current: Supervisor | None = None
        #: Whether another process executes jobs in this workspace, so that ours wait.
        self.waits_for_other = False
        self._thread = threading.Thread(target=self._work, name="job-queue", daemon=True)

    def start(self) -> None:
        """Marks runs of a dead process as crashed and begins to work."""
        submission.recover(self.workspace)
        self._thread.start()

    def wake(self) -> None:
        """Something was queued."""
        self._wake.set()

    @property
    def current(self) -> Supervisor | None:
        """The supervisor of the run being executed here."""
        return self._current

    def stop(self, run_id: str) -> None:
        """Stops a run and keeps what there is; takes a waiting one out of the queue."""
        self._ask(run_id, "stop")

    def cancel(self, run_id: str) -> None:
        """Ends a run now; takes a waiting one out of the queue."""
        self._ask(run_id, "cancel")

    def _ask(self, run_id: str, verb: str) -> None:
        current = self._current
        if current is not None and current.run_id == run_id:
            current.stop() if verb == "stop" else current.cancel()
        else:
            submission.ask(self.workspace, run_id, verb)
            self.mailbox.append((run_id, Event("state", 0, time.time(), {"state": "cancelled"})))

    def take_no_more(self) -> None:
        """Leaves waiting runs in the queue for the next start; the current one goes on."""
        self._closing.set()
        self._wake.set()

    def close(self, timeout_s: float | None = None) -> bool:
        """Takes no further run and waits for the current one, which the caller has stopped or lets finish."""
        self.take_no_more()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._closing.is_set():
            run = self.workspace.store.next_queued()
            if run is None:
                self._wake.wait(_LOCK_RETRY_S)
                self._wake.clear()
                continue
            try:
                with self.workspace.execution_lock():
                    self.waits_for_other = False
                    fresh = self.workspace.store.run(run.id)  # another process may have taken it meanwhile
                    if fresh.state == "queued":
                        self._execute(fresh)
            except InUseError:
                self.waits_for_other = True
                self._wake.wait(_LOCK_RETRY_S)
                self._wake.clear()

    def _execute(self, run: Run) -> None:
        def keep(supervisor: Supervisor) -> None:
            self._current = supervisor

        def post(event: Event) -> None:
            self.mailbox.append((run.id, event))

        try:
            execute(self.workspace, run, post, keep)
        finally:
            self._current = None
