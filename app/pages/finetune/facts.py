"""What the files of the chosen data say; read in a thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import islice

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.models.library import DataItem
from app.models.token_rows import Turn
from core.data.dataset import Dataset
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Facts:
    """What the files of the chosen data say.

    Attributes:
        turns: The first row to learn from.
        warnings: What the check of the data found.
    """

    turns: tuple[Turn, ...]
    warnings: tuple[str, ...]


def read_facts(workspace: Workspace, data: DataItem) -> Facts:
    """Reads the first rows of the data; slow on a slow disk, so called in a thread."""
    rows = Dataset(workspace.artifact_folder(data.id))
    turns: tuple[Turn, ...] = ()
    for row in islice(rows.rows("train"), 1):
        turns = tuple(
            Turn(item["role"], item["content"], item["role"] in ("assistant", "document"))
            for item in rows.messages(row)
        )
    return Facts(turns, tuple(rows.info.check.warnings))


class FactsModel(QObject):
    """Reads the facts of the data it was last asked about, in a thread.

    Args:
        workspace: Where the data is.
        parent: Owner.

    Signals:
        read: They are known now.
        failed: They cannot be read; a `WorkbenchError`.
    """

    read = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = Background(self)
        self._of: str | None = None
        self.facts: Facts | None = None

    def ask(self, data: DataItem | None) -> None:
        """Changes the question; None asks nothing."""
        wanted = data.id if data is not None else None
        if wanted == self._of:
            return
        self._of, self.facts = wanted, None
        self._background.cancel("facts")
        if data is None:
            return
        asked, workspace = data, self._workspace

        def work(_cancelled: threading.Event) -> Facts:
            return read_facts(workspace, asked)

        self._background.run("facts", work, self._on_read, self.failed.emit)

    def close(self) -> None:
        """Drops what is still being read."""
        self._background.close()

    def _on_read(self, facts: Facts) -> None:
        self.facts = facts
        self.read.emit()
