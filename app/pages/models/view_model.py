"""Rules of the models page: what is in the library, where it comes from, what can be added and removed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.models import library
from app.models.library import ModelItem
from app.models.lineage import Origin, lineage
from app.pages.library_jobs import LibraryJobs
from core.errors import WorkbenchError
from core.jobs import dependants, submission
from core.jobs.dependants import Loss
from core.models import context, receipts
from core.models.receipts import ReceiptItem
from core.specs import AddModelSpec, DownloadModelSpec, ExportSpec, MergeSpec
from core.workspace.records import Run
from core.workspace.workspace import check_name

Source = Literal["starter", "folder", "file"]
Blocker = Literal["", "path", "path_missing", "name", "name_taken"]
STARTER_NAME = "SmolLM2-135M-Instruct"


class ModelsViewModel(QObject):
    """Lists models, adds them by a job, removes them.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    changed = Signal()
    run_started = Signal(str)
    removed = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self.jobs = LibraryJobs(bridge, AddModelSpec.kind, self)
        self.merges = LibraryJobs(bridge, MergeSpec.kind, self)
        self.exports = LibraryJobs(bridge, ExportSpec.kind, self)
        self.downloads = LibraryJobs(bridge, DownloadModelSpec.kind, self)
        self.items: list[ModelItem] = []
        self.depths: dict[str, int] = {}
        self.selected: ModelItem | None = None
        self.source: Source = "starter"
        self.path = ""
        self._name = ""
        bridge.library_changed.connect(self.refresh)
        self.jobs.changed.connect(self.refresh)
        self.merges.changed.connect(self.refresh)
        self.exports.changed.connect(self.refresh)
        self.downloads.changed.connect(self.refresh)

    @property
    def bridge(self) -> JobBridge:
        """Runs the jobs."""
        return self._bridge

    @Slot()
    def refresh(self) -> None:
        """Reads the list again and keeps the selection if it still exists."""
        found = library.grouped(library.models(self._workspace, endpoints=True))
        self.items = [item for item, _depth in found]
        self.depths = {item.id: depth for item, depth in found}
        wanted = self.selected.id if self.selected else ""
        self.selected = next((item for item in self.items if item.id == wanted), None)
        if self.selected is None and self.items:
            self.selected = self.items[0]
        self.changed.emit()

    @Slot(str)
    def select(self, artifact_id: str) -> None:
        """Shows the details of a model."""
        self.selected = next((item for item in self.items if item.id == artifact_id), self.selected)
        self.changed.emit()

    def origins(self) -> list[Origin]:
        """Where the selected model comes from, itself first."""
        return lineage(self._workspace, self.selected.id) if self.selected else []

    def context_before(self) -> int:
        """Longest conversation of the model that the selected one was exported from, where that is longer."""
        found = self._workspace.store.find_artifact(self.selected.id) if self.selected else None
        return context.longest_before(self._workspace, found) if found is not None else 0

    def receipt(self) -> ReceiptItem | None:
        """What the selected model's receipt says, where it has one."""
        return receipts.read(self._workspace.artifact_folder(self.selected.id)) if self.selected else None

    # --- adding ---

    @Slot(str)
    def choose_source(self, source: Source) -> None:
        """The starter model, a transformers folder, or a GGUF file."""
        if source != self.source:
            self.source, self.path = source, ""
            self.changed.emit()

    @Slot(str)
    def set_path(self, path: str) -> None:
        """The folder or file to take."""
        self.path = path.strip()
        self.changed.emit()

    @property
    def name(self) -> str:
        """How the model will be called: as typed, or after its source."""
        if self._name:
            return self._name
        if self.source == "starter":
            return self._workspace.free_name(STARTER_NAME, "model")
        if not self.path:
            return ""
        path = Path(self.path)
        return self._workspace.free_name(path.stem if self.source == "file" else path.name, "model")

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the model; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    @property
    def blocker(self) -> Blocker:
        """What keeps the model from being added, or an empty text."""
        if self.source != "starter":
            if not self.path:
                return "path"
            path = Path(self.path).expanduser()
            if not (path.is_dir() if self.source == "folder" else path.is_file()):
                return "path_missing"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, "model") else ""

    @Slot()
    def add(self) -> None:
        """Queues the job; does nothing while something blocks it."""
        if self.blocker:
            return
        source = "starter" if self.source == "starter" else str(Path(self.path).expanduser().absolute())
        try:
            run = self._bridge.submit(AddModelSpec(source=source, name=self.name), self.name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.jobs.watch(run)
        self._name = self.path = ""
        self.run_started.emit(run.id)
        self.changed.emit()

    @Slot(object)
    def follow_download(self, run: Run) -> None:
        """Reports how a download ends that a person agreed to."""
        self.downloads.watch(run)
        self.run_started.emit(run.id)
        self.changed.emit()

    # --- merging ---

    @property
    def open_runs(self) -> list[Run]:
        """Jobs that add to the library now."""
        jobs = (self.jobs, self.downloads, self.merges, self.exports)
        return [run for each in jobs for run in each.open_runs]

    def mergeable(self) -> list[ModelItem]:
        """Add-ons that can be summed with the selected one: plain LoRA, over the same base."""
        chosen = self.selected
        if chosen is None or not chosen.adds_up:
            return []
        return [
            item for item in self.items if item.adds_up and item.base == chosen.base and item.id != chosen.id
        ]

    @Slot(list, list, str, str)
    def merge(self, ids: list[str], weights: list[float], how: str, into: str) -> None:
        """Queues a merge; the result is named after its parts."""
        names = {item.id: item.name for item in self.items}
        suggested = "-".join([*(names.get(artifact, artifact) for artifact in ids), "merged"])
        try:
            spec = MergeSpec.model_validate({"models": ids, "weights": weights, "how": how, "into": into})
            run = self._bridge.submit(spec, self._workspace.free_name(suggested, "model"))
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.merges.watch(run)
        self.run_started.emit(run.id)
        self.changed.emit()

    # --- exporting ---

    @Slot(str, str, str)
    def export(self, artifact_id: str, numbers: str, folder: str) -> None:
        """Queues the writing of a model for other programs."""
        item = next(item for item in self.items if item.id == artifact_id)
        try:
            spec = ExportSpec.model_validate({"model": item.id, "numbers": numbers, "out": folder})
            run = self._bridge.submit(spec, self._workspace.free_name(f"{item.name}-{numbers}", "package"))
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.exports.watch(run)
        self.run_started.emit(run.id)
        self.changed.emit()

    # --- removing ---

    def loss(self, artifact_id: str) -> Loss:
        """What can no longer be done without a model."""
        artifact = self._workspace.store.find_artifact(artifact_id, "model")
        return dependants.of_artifact(self._workspace, artifact) if artifact is not None else Loss()

    def remove(self, artifact_id: str) -> None:
        """Deletes a model that nothing stands on, in a thread: there may be gigabytes."""
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> str:
            return str(submission.remove_artifact(workspace, artifact_id, "model")["removed"])

        self._background.run("remove", work, self._on_removed, self.failed.emit)

    def _on_removed(self, name: str) -> None:
        self.removed.emit(name)
        self._bridge.library_changed.emit()
