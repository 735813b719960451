"""Opens the real window in this process, measures it for a while, prints figures as JSON and quits.

Usage: `window_probe.py WORKSPACE SECONDS [MODEL DATA]`; with a model and data a fine-tuning runs meanwhile.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from app.application import Application
from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.settings import SettingsFile
from core.specs import FinetuneSpec
from core.workspace.workspace import Workspace

_TICK_MS = 5


class FirstPaint(QObject):
    """Notes when the window is first painted."""

    def __init__(self) -> None:
        super().__init__()
        self.at: float | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.at is None and event.type() == QEvent.Type.Paint:
            self.at = time.time()
        return False


class Stalls(QObject):
    """The longest time between two ticks of a 5 ms timer: how long the event loop was busy."""

    def __init__(self) -> None:
        super().__init__()
        self.worst_s = 0.0
        self.counting = False
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        if self.counting:
            self.worst_s = max(self.worst_s, now - self._last - _TICK_MS / 1000)
        self._last = now


def main() -> None:
    root, seconds, *job = sys.argv[1:]
    app = Application(sys.argv[:1], SettingsFile())
    workspace = Workspace(Path(root))
    bridge = JobBridge(workspace)
    window = MainWindow(Context(workspace, bridge, SettingsFile()))
    paint, stalls, seen = FirstPaint(), Stalls(), {"training": 0}
    window.installEventFilter(paint)
    window.show()
    bridge.start()
    started = psutil.Process().create_time()

    def count(_run: str, events: list) -> None:
        if any(event.ev == "metrics" for event in events):
            seen["training"] += 1
            stalls.counting = True  # loading and first painting of the page are over

    if job:
        run = bridge.submit(
            FinetuneSpec(model=job[0], data=job[1], epochs=100, sample_prompts=2, validate_every=10),
            f"probe-{time.time_ns()}",
        )
        bridge.events_arrived.connect(count)
        window.show_page("runs", run.id)
    # Not quit(): that would ask the window first, and the window asks its user while a job runs.
    QTimer.singleShot(int(float(seconds) * 1000), lambda: app.exit(0))
    app.exec()
    if job:
        bridge.cancel(run.id)
    result = {
        "opened_s": (paint.at or time.time()) - started,
        "worst_stall_ms": stalls.worst_s * 1000,
        "rss_bytes": psutil.Process().memory_info().rss,
        "training_events": seen["training"],
        "torch": "torch" in sys.modules,
    }
    bridge.close(20)
    print(json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
