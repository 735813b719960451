"""Whether a teacher and a student go together: asked in a thread, for tokenizers are files of megabytes."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal

from app.background import Background
from core.errors import WorkbenchError
from core.jobs.sampling import free_memory_bytes
from core.models.compatibility import Diagnosis, diagnose
from core.workspace.workspace import Workspace


class PairDoctor(QObject):
    """Diagnoses the pair it was last asked about.

    Args:
        workspace: Where both are.
        parent: Owner.

    Signals:
        changed: There is another diagnosis, or none any more.
        failed: One of them is damaged; a `WorkbenchError`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = Background(self)
        self._pair: tuple[str, str] | None = None
        self.diagnosis: Diagnosis | None = None

    @property
    def is_looking(self) -> bool:
        """Whether nothing is known of the pair yet."""
        return self.diagnosis is None and self._background.is_busy("pair")

    def ask(self, teacher: str | None, student: str | None) -> None:
        """Changes the question; None asks nothing."""
        pair = (teacher, student) if teacher is not None and student is not None else None
        if pair != self._pair:
            self._pair, self.diagnosis = pair, None
            self.look_again()

    def look_again(self) -> None:
        """Looks at the pair anew, for what is free now; until then the last diagnosis holds."""
        self._background.cancel("pair")
        if self._pair is None:
            return
        (teacher, student), workspace = self._pair, self._workspace

        def work(_cancelled: threading.Event) -> Diagnosis:
            return diagnose(
                workspace,
                workspace.artifact(teacher, "model"),
                workspace.artifact(student, "model"),
                free_memory_bytes(),
            )

        self._background.run("pair", work, self._on_diagnosed, self._on_failed)

    def close(self) -> None:
        """Drops what is still being read."""
        self._background.close()

    def _on_diagnosed(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.changed.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self.diagnosis = None
        self.failed.emit(error)
        self.changed.emit()
