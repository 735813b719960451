"""Rules of the data page: which data sets there are, what is in one, and removing it."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.models import library
from app.models.library import DataItem
from app.models.lineage import Origin, lineage
from app.pages.data import reading
from app.pages.data.reading import Opened
from app.pages.library_jobs import LibraryJobs
from app.pages.sees_view_model import SeesViewModel
from core.errors import WorkbenchError
from core.jobs import dependants, submission
from core.jobs.dependants import Loss
from core.specs import AugmentSpec, DownloadDataSpec, EditDataSpec, PreviewSpec
from core.workspace.records import Run

_LOOK_ROWS = 4


class DataViewModel(QObject):
    """Lists data sets and opens one.

    Args:
        bridge: Runs jobs, and knows the workspace.
    """

    changed = Signal()
    removed = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self.varying = LibraryJobs(bridge, AugmentSpec.kind, self)
        self.downloads = LibraryJobs(bridge, DownloadDataSpec.kind, self)
        self.edits = LibraryJobs(bridge, EditDataSpec.kind, self)
        self.sees = SeesViewModel(bridge, self)
        self.sees.looked.connect(self.changed)
        self.sees.failed.connect(self.failed)
        self.learner = ""
        #: Models that could learn from the data: id and name.
        self.learners: list[tuple[str, str]] = []
        self.items: list[DataItem] = []
        self.selected: DataItem | None = None
        self.opened: Opened | None = None
        self._opened_id = ""
        bridge.library_changed.connect(self.refresh)
        bridge.run_changed.connect(self.refresh)

    @property
    def bridge(self) -> JobBridge:
        """Runs the jobs."""
        return self._bridge

    @Slot()
    def refresh(self) -> None:
        """Reads the list again and keeps the selection if it still exists."""
        self.items = library.data_sets(self._workspace, questions=True)
        self.learners = [
            (item.id, item.name) for item in library.models(self._workspace) if item.is_trainable
        ]
        wanted = self.selected.id if self.selected else ""
        self.selected = next((item for item in self.items if item.id == wanted), None)
        if self.selected is None and self.items:
            self.selected = self.items[0]
        self._open()
        self._look()
        self.changed.emit()

    @Slot(str)
    def select(self, artifact_id: str) -> None:
        """Opens a data set; its rows are read in a thread."""
        self.selected = next((item for item in self.items if item.id == artifact_id), self.selected)
        self._open()
        self._look()
        self.changed.emit()

    def origins(self) -> list[Origin]:
        """Where the selected data comes from, itself first."""
        return lineage(self._workspace, self.selected.id) if self.selected else []

    @Slot(str)
    def choose_learner(self, artifact_id: str) -> None:
        """Shows the first rows as this model would see them; an empty id shows none."""
        self.learner = artifact_id
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        known = any(artifact_id == self.learner for artifact_id, _name in self.learners)
        self.learner = self.learner if known else ""
        data = self.selected.id if self.selected else ""
        self.sees.spec = (
            PreviewSpec(model=self.learner, data=data, rows=_LOOK_ROWS) if self.learner and data else None
        )
        self.sees.want()

    def models(self) -> list[tuple[str, str]]:
        """Models that could say questions in other words: id and name."""
        return [(item.id, item.name) for item in library.models(self._workspace)]

    def vary(self, artifact_id: str, typos: float, model: str) -> None:
        """Queues the job that adds varied rows to a new version of a data set."""
        data = next((item for item in self.items if item.id == artifact_id), None)
        if data is None:
            return
        spec = AugmentSpec(data=data.id, typos=typos, paraphrase_model=model or None)
        name = self._workspace.free_name(f"{data.name} varied", "dataset")
        try:
            run = self._bridge.submit(spec, name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.varying.watch(run)
        self.changed.emit()

    @Slot(object)
    def follow_download(self, run: Run) -> None:
        """Reports how a download ends that a person agreed to."""
        self.downloads.watch(run)
        self.changed.emit()

    @Slot(object)
    def follow_edit(self, run: Run) -> None:
        """Reports how the job ends that makes a version of what a person changed."""
        self.edits.watch(run)
        self.changed.emit()

    @Slot(str)
    def select_made(self, run_id: str) -> None:
        """Shows the data set that a run made."""
        made = self._workspace.store.artifacts("dataset", run_id)
        if made:
            self.refresh()
            self.select(made[0].id)

    def loss(self, artifact_id: str) -> Loss:
        """What can no longer be done without a data set."""
        artifact = self._workspace.store.find_artifact(artifact_id, "dataset")
        return dependants.of_artifact(self._workspace, artifact) if artifact is not None else Loss()

    def remove(self, artifact_id: str) -> None:
        """Deletes a data set, in a thread."""
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> str:
            return str(submission.remove_artifact(workspace, artifact_id, "dataset")["removed"])

        self._background.run("remove", work, self._on_removed, self.failed.emit)

    def _open(self) -> None:
        wanted = self.selected.id if self.selected else ""
        if wanted == self._opened_id:
            return
        self._opened_id, self.opened = wanted, None
        self._background.cancel("open")
        if not wanted:
            return
        folder = self._workspace.artifact_folder(wanted)

        def work(_cancelled: threading.Event) -> Opened:
            return reading.opened(folder)

        self._background.run("open", work, self._on_opened, self.failed.emit)

    def _on_opened(self, opened: Opened) -> None:
        self.opened = opened
        self.changed.emit()

    def _on_removed(self, name: str) -> None:
        self.removed.emit(name)
        self._bridge.library_changed.emit()
