"""Rules that the pages share on which a run is set up: its name, the steps, and the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from core.errors import WorkbenchError
from core.jobs.registry import KINDS
from core.jobs.sampling import free_disk_bytes
from core.specs import Spec
from core.workspace.records import Run
from core.workspace.workspace import check_name


class WizardViewModel(QObject):
    """Edits a spec and starts it; a page's own rules stand below.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    #: The kind of job that is set up.
    kind: ClassVar[str]
    #: The steps in their order; empty where all is shown at once.
    order: ClassVar[tuple[str, ...]] = ()

    #: Lists, choices or the preview are different now.
    changed = Signal()
    run_started = Signal(str)
    failed = Signal(object)
    #: All choices were replaced by those of an earlier run.
    filled = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._name = ""
        bridge.library_changed.connect(self.refresh)

    # --- what a page says itself ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or as suggested."""
        raise NotImplementedError

    @property
    def step(self) -> str:
        """The first step that is not finished."""
        raise NotImplementedError

    @property
    def disk_needed(self) -> float:
        """Bytes that the run leaves and needs on its way."""
        raise NotImplementedError

    # --- what they share ---

    @property
    def disk_free(self) -> int | None:
        """Bytes free where the workspace lies; None where the system does not say."""
        return free_disk_bytes(self._workspace.root)

    @property
    def has_disk(self) -> bool:
        """Whether the disk has room for it, as far as known."""
        free = self.disk_free
        return free is None or self.disk_needed <= free

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the result; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    def is_open(self, step: str) -> bool:
        """Whether a step can be gone to."""
        return self.order.index(step) <= self.order.index(self.step)

    def _name_blocker(self) -> Literal["", "name", "name_taken"]:
        """What is wrong with the name."""
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, KINDS[self.kind].makes) else ""

    def _queue(self, spec: Spec, warnings: Sequence[str] = ()) -> None:
        """Queues the run and says so, or says why not."""
        run = self._submit(spec, warnings)
        if run is not None:
            self._announce(run)

    def _submit(
        self, spec: Spec, warnings: Sequence[str] = (), brings: Mapping[str, str] | None = None
    ) -> Run | None:
        try:
            return self._bridge.submit(spec, self.name, warnings, brings)
        except WorkbenchError as error:
            self.failed.emit(error)
            return None

    def _announce(self, run: Run) -> None:
        self._name = ""
        self.run_started.emit(run.id)
        self.changed.emit()
