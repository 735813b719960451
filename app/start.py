"""Opens the window; imported only when there is one to open."""

from __future__ import annotations

import sys
from pathlib import Path

from app.application import Application
from app.context import Context
from app.dialogs.error import ErrorDialog
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.settings import SettingsFile
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.workspace.workspace import Workspace, default_root


def run(workspace_root: Path | None = None) -> int:
    """Shows the window until it is closed; returns the exit code.

    Args:
        workspace_root: The workspace's folder; the user's choice or the platform's place when left out.
    """
    settings = SettingsFile()
    app = Application(sys.argv[:1], settings)
    app.guard()
    chosen = settings.values.workspace
    root = workspace_root or (Path(chosen) if chosen else default_root())
    try:
        workspace = Workspace(root)
    except WorkbenchError as error:
        ErrorDialog(ErrorText.of(error)).exec()
        return error.exit_code
    bridge = JobBridge(workspace, settings)
    window = MainWindow(Context(workspace, bridge, settings))
    window.show()
    bridge.start()
    code = app.exec()
    bridge.close(2.0)
    workspace.close()
    return code
