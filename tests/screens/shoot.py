"""Makes pictures of the window: `python tests/screens/shoot.py OUT_FOLDER [page …]`.

A made-up workspace in a temporary folder is shown, light and dark, at 1440 x 900. Look at them side by side
with the design's sketches.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtTest import QTest

from app.application import Application
from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages import PAGES
from app.settings import SettingsFile
from app.theme import theme
from core.workspace.workspace import Workspace


def main(out: Path, pages: list[str]) -> None:
    """Writes `<page>-<theme>.png` for every page, or for those named."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = SettingsFile(Path(folder) / "settings.json")
        app = Application(sys.argv[:1], settings)
        workspace = Workspace(Path(folder) / "workspace")
        window = MainWindow(Context(workspace, JobBridge(workspace), settings))
        window.resize(1440, 900)
        window.show()
        window.job_bar.set_memory(3_300_000_000, 23_000_000_000)
        for name in ("light", "dark"):
            theme().apply(name)
            for record in PAGES:
                if pages and record.key not in pages:
                    continue
                window.show_page(record.key)
                QTest.qWait(150)
                window.grab().save(str(out / f"{record.key}-{name}.png"))
        window.close()
        workspace.close()
        app.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
