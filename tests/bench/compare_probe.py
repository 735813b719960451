"""Opens the compare page of a workspace in the real window, moves a slider, and prints figures as JSON.

The processor's time stands beside the clock's: on a busy machine only that is the page's own.

Usage: `compare_probe.py WORKSPACE MOVES`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from app.application import Application
from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages.compare.page import ComparePage
from app.settings import SettingsFile
from core.workspace.workspace import Workspace

_POLL_MS = 1


def wait_until(is_so) -> None:
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if is_so() else None)
    timer.start(_POLL_MS)
    loop.exec()


def main() -> None:
    root, moves = sys.argv[1:]
    app = Application(sys.argv[:1], SettingsFile())
    workspace = Workspace(Path(root))
    bridge = JobBridge(workspace)
    window = MainWindow(Context(workspace, bridge, SettingsFile()))
    window.resize(1440, 900)
    window.show()
    app.processEvents()

    began, worked = time.perf_counter(), time.process_time()
    window.show_page("compare")
    app.processEvents()
    first_paint = time.perf_counter() - began
    page = window.current_page
    assert isinstance(page, ComparePage)
    wait_until(lambda: page.table_card.table is not None and page.view_model.recommended is not None)
    app.processEvents()
    opened, opened_work = time.perf_counter() - began, time.process_time() - worked
    wait_until(lambda: bool(page.view_model.rows))
    rows_there = time.perf_counter() - began

    slider = page.limits_card.sliders["time"].slider
    top, filtered, filtered_work = slider.maximum(), [], []
    for move in range(int(moves)):
        place = top - 2 * (move + 1)
        began, worked = time.perf_counter(), time.process_time()
        slider.setValue(place)
        app.processEvents()  # paints the table and the picture
        filtered.append((time.perf_counter() - began) * 1000)
        filtered_work.append((time.process_time() - worked) * 1000)
    wait_until(lambda: not page.view_model.is_busy)
    assert page.table_card.table is not None
    result = {
        "variants": page.table_card.table.model().rowCount(),
        "rows": len(page.view_model.board.rows) if page.view_model.board else 0,
        "first_paint_s": first_paint,
        "opened_s": opened,
        "rows_there_s": rows_there,
        "opened_work_s": opened_work,
        "filtered_ms": filtered,
        "filtered_work_ms": filtered_work,
        "torch": "torch" in sys.modules,
    }
    print(json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
