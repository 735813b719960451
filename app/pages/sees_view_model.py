"""The first rows of data as a model would see them, rendered by a short job of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.background import Background
from app.job_bridge import JobBridge
from app.models.token_rows import TokenRow, rows_of
from core.errors import CancelledError, WorkbenchError
from core.jobs.look import look
from core.specs import PreviewSpec

_LOOK_AFTER_MS = 700  # a process of two seconds: not for every key that is pressed


@dataclass(frozen=True)
class Look:
    """The first rows as the model sees them, or why they cannot be shown."""

    spec: PreviewSpec
    rows: tuple[TokenRow, ...]
    error: WorkbenchError | None = None

    @property
    def forbids(self) -> bool:
        """Whether nothing can be learnt like that: the chat template is missing or wrong."""
        return self.error is not None and self.error.code.startswith("template.")


class SeesViewModel(QObject):
    """Renders what `spec` names once somebody looks, and remembers it.

    Args:
        bridge: Knows the workspace.

    Signals:
        looked: The rows were rendered, or could not be.
        failed: Something unexpected happened on the way.
    """

    looked = Signal()
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = bridge.workspace
        self._background = Background(self)
        self._looks: dict[PreviewSpec, Look] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_AFTER_MS)
        self._timer.timeout.connect(self._start)
        self.spec: PreviewSpec | None = None

    @property
    def look(self) -> Look | None:
        """The rows as tokens with the choices of now; None while they are not known."""
        return self._looks.get(self.spec) if self.spec is not None else None

    def want(self) -> None:
        """Somebody looks at the rows: renders them soon, unless that was done before."""
        if self.look is not None or self.spec is None:
            self._timer.stop()
        elif not self._background.is_busy("look"):
            self._timer.start()

    def close(self) -> None:
        """Drops what is still being rendered."""
        self._timer.stop()
        self._background.close()

    def _start(self) -> None:
        spec = self.spec
        if spec is None or spec in self._looks:
            return
        workspace = self._workspace

        def work(cancelled: threading.Event) -> Look:
            try:
                said = look(workspace, spec, cancelled)
            except CancelledError:
                raise
            except WorkbenchError as error:
                return Look(spec, (), error)
            return Look(spec, rows_of(next((e.get("rows") for e in said if e.ev == "batch"), [])))

        self._background.run("look", work, self._on_look, self.failed.emit)

    def _on_look(self, found: Look) -> None:
        self._looks[found.spec] = found
        self.looked.emit()
