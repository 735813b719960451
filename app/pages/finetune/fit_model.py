"""Will it fit: the forecast of the fine-tune page, and the job that measures it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.pages.library_jobs import LibraryJobs
from core.data import sizes
from core.errors import WorkbenchError, from_dict
from core.jobs.sampling import free_disk_bytes, free_memory_bytes
from core.models.fit import experience, forecast, machine
from core.models.fit.corrections import Corrections
from core.models.fit.experience import Case
from core.models.fit.forecast import Forecast
from core.models.fit.machine import Machine
from core.specs import FinetuneSpec, FitSpec
from core.workspace.records import Run

_FREE_STEP = 100_000_000
_DISK_STEP = 10_000_000


@dataclass(frozen=True)
class _Known:
    """What was read for one spec: sizes, the computer, earlier runs, and its own dry run."""

    of: Case
    here: Machine
    corrections: Corrections
    measured: dict[str, Any] | None


class FitModel(QObject):
    """Forecasts the spec it was last asked about; what must be read is read in a thread.

    Args:
        bridge: Runs the measuring job, and knows the workspace.
        parent: Owner.

    Signals:
        changed: The forecast is another, or a dry run began or ended.
        failed: A dry run ended badly; a `WorkbenchError`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self._jobs = LibraryJobs(bridge, "fit", self)
        self._jobs.changed.connect(self.changed)
        self._jobs.failed.connect(self._on_failed)
        bridge.run_changed.connect(self._on_run_changed)
        self._spec: FinetuneSpec | None = None
        self._read_for: FinetuneSpec | None = None
        self._known: _Known | None = None
        self._cached: tuple[object, Forecast] | None = None

    def close(self) -> None:
        """Drops what is still being read."""
        self._background.close()

    def ask(self, spec: FinetuneSpec | None) -> None:
        """Changes the question; None asks nothing."""
        self._spec = self._bridge.complete(spec) if spec is not None else None
        self._read()

    @property
    def forecast(self) -> Forecast | None:
        """What the spec needs, against what is free now; None until its inputs were read."""
        known, spec = self._known, self._spec
        if known is None or spec is None or spec.inputs() != known.of.spec.inputs():
            return None
        memory = free_memory_bytes() // _FREE_STEP * _FREE_STEP
        disk = free_disk_bytes(self._workspace.root)
        disk = disk if disk is None else disk // _DISK_STEP * _DISK_STEP
        key = (spec, memory, disk, id(known))
        if self._cached is None or self._cached[0] != key:
            here = replace(known.here, memory_free=memory, disk_free=disk)
            self._cached = (
                key,
                forecast.forecast(replace(known.of, spec=spec), here, known.corrections),
            )
        return self._cached[1]

    @property
    def measured(self) -> dict[str, Any] | None:
        """Result of the newest dry run of exactly this spec on this computer."""
        known = self._known
        return known.measured if known is not None and known.of.spec == self._spec else None

    @property
    def is_refused(self) -> bool:
        """Whether the run clearly does not fit, so that the person must insist."""
        said = self.forecast
        return said is not None and (said.is_refused or "died" in (self.measured or {}))

    @property
    def is_measuring(self) -> bool:
        """Whether a dry run waits or works."""
        return bool(self._jobs.open_runs)

    def measure(self, name: str) -> None:
        """Queues the dry run of the spec."""
        if self._spec is None or self.is_measuring:
            return
        try:
            self._jobs.watch(self._bridge.submit(FitSpec(spec=self._spec), name))
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.changed.emit()

    # --- inside ---

    @Slot(str)
    def _on_run_changed(self, _run_id: str) -> None:
        self._read_for = None
        self._read()

    @Slot(object)
    def _on_failed(self, run: Run) -> None:
        self.failed.emit(from_dict(run.error or {}))

    def _read(self) -> None:
        spec = self._spec
        if spec is None or spec == self._read_for:
            return
        self._read_for = spec
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> _Known:
            of = experience.case(workspace, spec, sizes.read)
            here = machine.this(workspace.root, spec.threads)
            return _Known(
                of,
                here,
                experience.read(workspace, of, here, sizes.read),
                experience.measured(workspace, spec, here),
            )

        self._background.run("fit", work, self._on_read, self._on_unread)

    def _on_read(self, known: _Known) -> None:
        self._known = known
        self.changed.emit()

    def _on_unread(self, _error: WorkbenchError) -> None:
        """An input was removed meanwhile; the lists say so."""
        self._known = None
        self.changed.emit()
