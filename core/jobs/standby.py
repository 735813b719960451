"""A worker that loads a job's libraries while the job before it runs: seconds less for each of several jobs.

There is one at most, started only by who knows what comes next. It ends with this process, as every worker
does, and costs the memory of its libraries meanwhile.
"""

from __future__ import annotations

import threading
from pathlib import Path

from core.jobs.child import Child, worker_command, worker_environment
from core.jobs.sampling import cores


class Standby:
    """The waiting worker. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._announced = ""
        self._kind = ""
        self._child: Child | None = None

    def announce(self, kind: str) -> None:
        """Says of which kind the job after the next one is; empty when none follows."""
        with self._lock:
            self._announced = kind

    def prepare(self) -> None:
        """Starts the worker of the announced kind, unless it waits already; called when a job has begun."""
        with self._lock:
            kind = self._announced
            if not kind or (self._kind == kind and self._child is not None and self._child.poll() is None):
                return
            self._close()
            self._kind = kind
            command = [*worker_command(), "--standby", kind]
            self._child = Child(command, None, worker_environment(cores()), Path.cwd())

    def take(self, kind: str, threads: int, folder: Path) -> Child | None:
        """The waiting worker, told to run the job of `folder`; None where none fits.

        Args:
            kind: The job's kind.
            threads: Cores it may use; the worker's libraries were told when they were loaded.
            folder: The run's folder, whose `job.json` is written.
        """
        with self._lock:
            child = self._child
            if child is None or self._kind != kind or threads != cores() or child.poll() is not None:
                return None
            self._child = None
        child.log_to(folder / "worker.log")
        if child.send({"cmd": "run", "folder": str(folder)}):
            return child
        child.close()
        return None

    def close(self) -> None:
        """Ends the worker that waits, if there is one, and forgets what was announced."""
        with self._lock:
            self._announced = ""
            self._close()

    def _close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


#: The one of this process.
STANDBY = Standby()
