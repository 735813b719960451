"""A window without a screen, a workspace in a temporary folder, and nothing of the user's."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.application import Application
from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.settings import SettingsFile
from app.theme import theme
from core.workspace.workspace import Workspace


class QuietApplication(Application):
    """Ours, with default settings that are never written."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv, SettingsFile(Path(os.devnull) / "settings.json"))


@pytest.fixture(scope="session")
def qapp_cls(tmp_path_factory: pytest.TempPathFactory) -> type[QApplication]:
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    return QuietApplication


@pytest.fixture(autouse=True)
def _fresh(qapp: Application) -> Iterator[None]:
    """Every test begins with the light theme and leaves no widget behind."""
    if theme().tokens.name != "light":
        theme().apply("light")
    # What is there already need not be searched below: beside torch that takes seconds, after every test.
    gc.freeze()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("SLM_WORKBENCH_HOME", str(tmp_path / "workspace"))  # commands need not name it
    opened = Workspace(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def context(workspace: Workspace, tmp_path: Path, qtbot: QtBot) -> Iterator[Context]:
    """Connections of a window whose queue does not execute anything."""
    bridge = JobBridge(workspace)
    yield Context(workspace, bridge, SettingsFile(tmp_path / "settings.json"))
    bridge.close(5.0)
    bridge.deleteLater()


@pytest.fixture
def window(context: Context, qtbot: QtBot) -> MainWindow:
    made = MainWindow(context)
    qtbot.addWidget(made)
    made.show()
    return made
