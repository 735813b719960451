"""Whether teachers and a student go together: asked in a thread, for tokenizers are files of megabytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.background import Background
from core.errors import WorkbenchError
from core.jobs.sampling import free_memory_bytes
from core.models.compatibility import Diagnosis, diagnose, together
from core.workspace.workspace import Workspace


class PairDoctor(QObject):
    """Diagnoses the pair it was last asked about, or the student with each of several teachers.

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
        self._pair: tuple[tuple[str, ...], str] | None = None
        self.each: tuple[Diagnosis, ...] = ()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What goes with all of them; None until they were looked at."""
        return together(self.each) if self.each else None

    @property
    def is_looking(self) -> bool:
        """Whether nothing is known of the pair yet."""
        return not self.each and self._background.is_busy("pair")

    def ask(self, teachers: Sequence[str], student: str | None) -> None:
        """Changes the question; without a teacher or a student nothing is asked."""
        pair = (tuple(teachers), student) if teachers and student is not None else None
        if pair != self._pair:
            self._pair, self.each = pair, ()
            self.look_again()

    def look_again(self) -> None:
        """Looks at the pair anew, for what is free now; until then the last diagnosis holds."""
        self._background.cancel("pair")
        if self._pair is None:
            return
        (teachers, student), workspace = self._pair, self._workspace

        def work(_cancelled: threading.Event) -> tuple[Diagnosis, ...]:
            learner, free = workspace.artifact(student, "model"), free_memory_bytes()
            asked = (workspace.artifact(teacher, "model") for teacher in teachers)
            return tuple(diagnose(workspace, teacher, learner, free) for teacher in asked)

        self._background.run("pair", work, self._on_diagnosed, self._on_failed)

    def close(self) -> None:
        """Drops what is still being read."""
        self._background.close()

    def _on_diagnosed(self, each: tuple[Diagnosis, ...]) -> None:
        self.each = each
        self.changed.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self.each = ()
        self.failed.emit(error)
        self.changed.emit()
