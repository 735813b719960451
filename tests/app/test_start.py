from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import __main__ as entry

_ROOT = Path(__file__).resolve().parents[2]


def _run(code: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_the_window_pulls_in_no_engine_no_torch_and_no_plots() -> None:
    code = (
        "import sys, app.start, app.pages.home, app.pages.settings, app.pages.runs\n"
        "bad = [m for m in ('torch', 'transformers', 'peft', 'onnxruntime', 'onnxruntime_genai',"
        " 'pyqtgraph')\n"
        "       if m in sys.modules]\n"
        "bad += [m for m in sys.modules if m.startswith('core.engines')]\n"
        "print(bad)"
    )
    done = _run(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_run_page_with_its_plots_pulls_in_no_engine_and_no_torch() -> None:
    code = (
        "import sys, app.pages.runs.run_page\n"
        "print([m for m in sys.modules if m in ('torch', 'transformers', 'peft', 'onnxruntime')"
        " or m.startswith('core.engines')])"
    )
    done = _run(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_command_imports_no_qt() -> None:
    code = (
        "import sys\nfrom app.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(any(m.startswith('PySide6') for m in sys.modules))"
    )
    done = _run(code)
    assert done.stdout.strip().endswith("False"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [
        (["--workspace", "w"], Path("w")),
        (["--workspace=w"], Path("w")),
        (["--workspace", "w", "runs", "list"], None),
        (["doctor"], None),
        ([], None),
    ],
)
def test_only_a_bare_workspace_option_opens_the_window(arguments: list[str], folder: Path | None) -> None:
    assert entry._only_a_workspace(arguments) == folder


def test_canary_pyside_keeps_its_references_on_this_python() -> None:
    """PySide6 6.12.0 on Python 3.11 loses a reference to True, False or None at each of these calls."""
    code = (
        "import os, sys\nos.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "import numpy as np, pyqtgraph as pg\n"
        "from PySide6.QtCore import QObject, Signal\n"
        "class Bell(QObject):\n    rung = Signal(bool)\n    said = Signal(object)\n"
        "app = pg.mkQApp()\nbell = Bell()\n"
        "for _ in range(20000):\n    bell.rung.emit(True)\n    bell.said.emit(None)\n"
        "for _ in range(200000):\n    bell.parent()\n"
        "plot = pg.PlotWidget()\ncurve = plot.plot([], [])\nx = np.arange(100.0)\n"
        "for _ in range(500):\n    curve.setData(x, x)\n"
        "print('alive')"
    )
    done = _run(code)
    assert done.stdout.strip() == "alive", done.stderr[-2000:]


def test_an_error_in_a_guarded_override_does_not_end_the_process() -> None:
    code = (
        "import os\nos.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from PySide6.QtCore import QAbstractListModel, Qt\n"
        "from PySide6.QtWidgets import QApplication, QListView\n"
        "from app.safety import safe_override\n"
        "class Bad(QAbstractListModel):\n"
        "    @safe_override(int)\n    def rowCount(self, parent=None):\n        return 3\n"
        "    @safe_override(type(None))\n    def data(self, index, role=0):\n"
        "        raise ValueError('boom')\n"
        "app = QApplication([])\nview = QListView()\nmodel = Bad()\nview.setModel(model)\nview.show()\n"
        "app.processEvents()\nview.grab()\nprint('alive')"
    )
    done = _run(code)
    assert done.stdout.strip() == "alive", done.stderr[-2000:]
    assert "boom" in done.stderr


def test_without_a_screen_it_says_so_and_ends(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert entry.main([]) == 2
    said = capsys.readouterr().err
    assert "There is no display here" in said
    assert "Do:" in said
