"""Slow work away from the GUI thread, its results back on it.

A thread leaves its outcome in a mailbox which a timer drains, so that nothing is delivered to something dead.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CancelledError, JobError, WorkbenchError

_POLL_MS = 20
_Outcome = tuple[threading.Event, Any, WorkbenchError | None]
_Task = tuple[threading.Event, Callable[[Any], None], Callable[[WorkbenchError], None]]


class Background(QObject):
    """Runs functions in threads; GUI thread only.

    A task belongs to a key. A newer task of the same key replaces an older one: the older one's result is
    dropped and its `cancelled` event is set.
    """

    busy_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: collections.deque[_Outcome] = collections.deque()
        self._tasks: dict[str, _Task] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._drain)

    def run(
        self,
        key: str,
        work: Callable[[threading.Event], Any],
        done: Callable[[Any], None],
        failed: Callable[[WorkbenchError], None],
    ) -> None:
        """Starts `work(cancelled)` in a thread and calls `done` or `failed` later on the GUI thread."""
        self.cancel(key)
        cancelled = threading.Event()
        self._tasks[key] = (cancelled, done, failed)
        name = f"background-{key}"
        threading.Thread(target=self._work, args=(work, cancelled), name=name, daemon=True).start()
        self._timer.start()
        self.busy_changed.emit()

    def is_busy(self, key: str) -> bool:
        """Whether a task of that key has not delivered yet."""
        return key in self._tasks

    def cancel(self, key: str) -> None:
        """Drops the task of that key; its thread is told."""
        task = self._tasks.pop(key, None)
        if task is not None:
            task[0].set()
            self.busy_changed.emit()

    def close(self) -> None:
        """Drops every task."""
        for key in list(self._tasks):
            self.cancel(key)
        self._timer.stop()

    def _work(self, work: Callable[[threading.Event], Any], cancelled: threading.Event) -> None:
        try:
            self._mailbox.append((cancelled, work(cancelled), None))
        except WorkbenchError as error:
            self._mailbox.append((cancelled, None, error))
        except Exception as error:  # a thread has nobody above it who could tell the user
            self._mailbox.append(
                (
                    cancelled,
                    None,
                    JobError(
                        "Something unexpected happened.",
                        why=f"{type(error).__name__}: {error}",
                        fix="Try again; if it stays so, report it with the details.",
                        details=repr(error),
                    ),
                )
            )

    def _drain(self) -> None:
        while self._mailbox:
            cancelled, result, error = self._mailbox.popleft()
            key = next((name for name, task in self._tasks.items() if task[0] is cancelled), None)
            if key is None:
                continue
            _, done, failed = self._tasks.pop(key)
            if error is None:
                done(result)
            elif not isinstance(error, CancelledError):
                failed(error)
            self.busy_changed.emit()
        if not self._tasks:
            self._timer.stop()
