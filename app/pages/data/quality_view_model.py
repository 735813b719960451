"""Rules of the quality card: a closer look at the selected data, the fixes chosen, and what they make."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from app.models.library import DataItem
from app.pages.library_jobs import LibraryJobs
from core.data.quality import stored
from core.data.quality.findings import Finding, FixOffer, QualityReport
from core.errors import WorkbenchError
from core.specs import FixDataSpec, InspectDataSpec
from core.workspace.workspace import check_name

Blocker = Literal["", "fix", "making", "name", "name_taken"]


class QualityViewModel(QObject):
    """Looks closer and makes better versions, as jobs.

    Args:
        bridge: Runs the jobs, and knows the workspace.
        parent: Owner.

    Signals:
        changed: Another report, choice or name.
        progress_changed: The closer look is further.
        made: Id of a data set that was made.
        failed: A job could not be started, or failed.
    """

    changed = Signal()
    progress_changed = Signal()
    made = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self.item: DataItem | None = None
        self.report: QualityReport | None = None
        self.chosen: dict[str, FixOffer] = {}
        self._name = ""
        self._looks = LibraryJobs(bridge, InspectDataSpec.kind, self)
        self._makes = LibraryJobs(bridge, FixDataSpec.kind, self)
        self._looks.changed.connect(self._on_jobs_changed)
        self._makes.changed.connect(self.changed)
        self._makes.succeeded.connect(self._on_made)
        for jobs in (self._looks, self._makes):
            jobs.failed.connect(self._on_failed)
        bridge.events_arrived.connect(self._on_events)

    def show_item(self, item: DataItem | None) -> None:
        """Turns to another data set; what was chosen for the one before is forgotten."""
        if (item.id if item else "") != (self.item.id if self.item else ""):
            self.chosen, self._name = {}, ""
            self.report = None
        self.item = item
        if self.report is None:
            self._read()

    # --- the closer look ---

    @property
    def looking_id(self) -> str:
        """Id of the run that looks at this data now or soon, or an empty text."""
        if self.item is None:
            return ""
        return next((run.id for run in self._looks.open_runs if run.spec.get("data") == self.item.id), "")

    @property
    def fraction(self) -> float | None:
        """How far the look is, from 0 to 1; None while it waits."""
        return self._bridge.progress(self.looking_id).fraction if self.looking_id else None

    @Slot()
    def look(self) -> None:
        """Queues a look; does nothing while one is queued."""
        if self.item is None or self.looking_id:
            return
        name = f"{self.tr('Look at')} {self.item.name}"[:100]
        self._submit(self._looks, InspectDataSpec(data=self.item.id), name)

    @property
    def findings(self) -> list[Finding]:
        """What matters, the worst first."""
        return [item for item in self.report.findings if item.severity != "fine"] if self.report else []

    @property
    def in_order(self) -> list[Finding]:
        """What was looked at and is fine."""
        return [item for item in self.report.findings if item.severity == "fine"] if self.report else []

    # --- the better version ---

    @property
    def has_fixes(self) -> bool:
        """Whether a new version could be better."""
        return any(finding.fixes for finding in self.findings)

    def choose(self, offer: FixOffer, on: bool) -> None:
        """Takes a fix or leaves it; two ways of one fix exclude each other."""
        kind = offer.fix.fix
        if on:
            self.chosen[kind] = offer
        elif self.chosen.get(kind) == offer:
            del self.chosen[kind]
        self.changed.emit()

    @property
    def name(self) -> str:
        """How the new version will be called: as typed, or after the data set."""
        if self._name or self.item is None:
            return self._name
        return self._workspace.free_name(f"{self.item.name} fixed", "dataset")

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the new version; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    @property
    def blocker(self) -> Blocker:
        """What keeps the new version from being made, or an empty text."""
        if self.item is not None and any(
            run.spec.get("data") == self.item.id for run in self._makes.open_runs
        ):
            return "making"
        if not self.chosen:
            return "fix"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, "dataset") else ""

    @Slot()
    def make(self) -> None:
        """Queues the job; does nothing while something blocks it."""
        if self.blocker or self.item is None:
            return
        fixes = tuple(offer.fix for offer in self.chosen.values())
        model = self.report.model if self.report else None
        spec = FixDataSpec(data=self.item.id, name=self.name, fixes=fixes, model=model)
        self._submit(self._makes, spec, spec.name)

    # --- inside ---

    def _submit(self, jobs: LibraryJobs, spec: InspectDataSpec | FixDataSpec, name: str) -> None:
        try:
            run = self._bridge.submit(spec, name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        jobs.watch(run)
        self.changed.emit()

    def _read(self) -> None:
        artifact = self._workspace.store.find_artifact(self.item.id, "dataset") if self.item else None
        self.report = stored.latest(self._workspace, artifact) if artifact else None

    @Slot()
    def _on_jobs_changed(self) -> None:
        before = self.report
        if before is None:
            self._read()
        self.changed.emit()

    @Slot(str, list)
    def _on_events(self, run_id: str, _events: list[object]) -> None:
        if run_id == self.looking_id:
            self.progress_changed.emit()

    @Slot(str)
    def _on_made(self, run_id: str) -> None:
        made = self._workspace.store.artifacts("dataset", run_id)
        self.chosen, self._name = {}, ""
        if made:
            self.made.emit(made[0].id)

    @Slot(object)
    def _on_failed(self, run: object) -> None:
        self.changed.emit()
        self.failed.emit(run)
