"""`core` works without Qt: its modules import and its tests pass with PySide6 not importable."""

from __future__ import annotations

import subprocess
import sys

from tests.core.cli.terminal import ROOT

BLOCKED = "import sys\nfor name in ('PySide6', 'shiboken6', 'pyqtgraph'):\n    sys.modules[name] = None\n"


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + script], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_every_module_of_core_imports_without_qt():
    done = run(
        "import importlib, pkgutil, core\n"
        "names = [module.name for module in pkgutil.walk_packages(core.__path__, 'core.')]\n"
        "names = [name for name in names if '.migrations' not in name]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(len(names))"
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 80


def test_tests_of_core_pass_without_qt():
    done = run(
        "import pytest\n"
        "folders = ['tests/core/' + name for name in ('workspace', 'recipes')]\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:pytest-qt', '-W', 'ignore', *folders]))"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
