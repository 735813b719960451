"""Rules of adding data: a file, what its columns are, the check, a name, and what still blocks it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal, cast, get_args

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.pages.data import reading
from app.pages.data.reading import Checked, Preview
from app.pages.library_jobs import LibraryJobs
from core.data import starter
from core.data.roles import fitting
from core.errors import WorkbenchError
from core.specs import ImportDataSpec
from core.specs.data import QUESTIONS, TaskChoice
from core.workspace.workspace import check_name

Blocker = Literal["", "file", "reading", "roles", "checking", "refused", "test_missing", "name", "name_taken"]
ROLES = ("user", "assistant", "label", "system", "input", "messages", "text")
STARTER_NAME = "Banking questions"
_PROGRESS_MS = 150


class ImportViewModel(QObject):
    """Edits an `ImportDataSpec`, checks the file in a thread, and starts the job.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    changed = Signal()
    progress_changed = Signal()
    run_started = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self.jobs = LibraryJobs(bridge, ImportDataSpec.kind, self)
        self.path: Path | None = None
        self.test_path: Path | None = None
        self.preview: Preview | None = None
        self.roles: dict[str, str] = {}
        self.task: TaskChoice = "auto"
        self.instruction = ""
        self.checked: Checked | None = None
        self.fraction = 0.0
        self._name = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_PROGRESS_MS)
        self._timer.timeout.connect(self.progress_changed)

    # --- the file ---

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Reads the first rows of a file in a thread; an empty text closes it."""
        self._forget()
        if path:
            self.path = Path(path).expanduser().absolute()
            self._read(self.path)
        self.changed.emit()

    def _read(self, source: Path) -> None:
        task = self.task

        def work(_cancelled: threading.Event) -> Preview:
            return reading.preview(source, task)

        self._background.run("preview", work, self._on_preview, self._on_preview_failed)

    @Slot()
    def open_starter(self) -> None:
        """Takes the bundled bank questions with their own test file."""
        try:
            train, test = starter.train(), starter.test()
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.open_file(str(train))
        self.test_path = test
        self._name = self._workspace.free_name(STARTER_NAME, "dataset")
        self.changed.emit()

    @Slot(str)
    def set_test_file(self, path: str) -> None:
        """A separate file whose rows are kept for the final figure; an empty text means none."""
        fresh = Path(path).expanduser().absolute() if path else None
        if fresh != self.test_path:
            self.test_path = fresh
            self._start_check()
            self.changed.emit()

    def set_role(self, column: str, role: str) -> None:
        """Says what a column is; an empty role leaves it out. A role belongs to one column."""
        fresh = {known: name for known, name in self.roles.items() if name != column}
        if role:
            fresh[role] = column
        if fresh != self.roles:
            self.roles = fresh
            self._start_check()
            self.changed.emit()

    @Slot(str)
    def set_task(self, task: str) -> None:
        """Says what the rows teach; `auto` guesses. The columns follow where they can."""
        if task == self.task or task not in get_args(TaskChoice):
            return
        before, self.task = self.task, cast("TaskChoice", task)
        is_text = self.preview is not None and self.preview.format == "text"
        if is_text and self.path is not None and QUESTIONS in (before, self.task):
            self._stop_check()
            self._read(self.path)  # a row is a line now, or a document again
        else:
            self.roles = fitting(self.roles, self.task)
            self._start_check()
        self.changed.emit()

    @Slot(str)
    def set_instruction(self, text: str) -> None:
        """A line that stands before every question; empty means none."""
        if text.strip() != self.instruction:
            self.instruction = text.strip()
            self._start_check()
            self.changed.emit()

    @property
    def takes_instruction(self) -> bool:
        """Whether there is a question that a line could stand before."""
        return "user" in self.roles

    def role_of(self, column: str) -> str:
        """The role of a column, or an empty text."""
        return next((role for role, name in self.roles.items() if name == column), "")

    @property
    def name(self) -> str:
        """How the data set will be called: as typed, or after the file."""
        if self._name or self.path is None:
            return self._name
        return self._workspace.free_name(self.path.stem, "dataset")

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the data set; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    # --- what follows ---

    @property
    def is_reading(self) -> bool:
        """Whether the first rows are being read."""
        return self._background.is_busy("preview")

    @property
    def is_checking(self) -> bool:
        """Whether the whole file is being read."""
        return self._background.is_busy("check")

    @property
    def is_open(self) -> bool:
        """Whether it holds questions alone, of which none is kept for a test."""
        return self.checked is not None and self.checked.report.task == QUESTIONS

    @property
    def has_task(self) -> bool:
        """Whether the roles say what is to be learnt."""
        if "messages" in self.roles or "text" in self.roles:
            return len(self.roles) == 1
        if not {"label", "assistant"} & self.roles.keys():
            asks_only = self.task == "auto" and self.preview is not None and self.preview.asks_only
            return "user" in self.roles and (self.task == QUESTIONS or asks_only)
        return "user" in self.roles and ("label" in self.roles) != ("assistant" in self.roles)

    @property
    def blocker(self) -> Blocker:
        """What keeps the data from being added, or an empty text."""
        if self.is_reading:
            return "reading"
        if self.path is None or self.preview is None:
            return "file"
        if self.test_path is not None and not self.test_path.is_file():
            return "test_missing"
        if not self.has_task:
            return "roles"
        if self.checked is None:
            return "checking"
        if self.checked.report.refusals:
            return "refused"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, "dataset") else ""

    @Slot()
    def add(self) -> None:
        """Queues the job; does nothing while something blocks it."""
        if self.blocker or self.path is None or self.checked is None:
            return
        name = self.name
        spec = ImportDataSpec(
            source=str(self.path),
            source_sha256=self.checked.source_sha256,
            name=name,
            roles=self.roles,
            test_source=str(self.test_path) if self.test_path else None,
            test_sha256=self.checked.test_sha256,
            task=self.task,
            instruction=self.instruction if self.takes_instruction else "",
        )
        try:
            run = self._bridge.submit(spec, name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.jobs.watch(run)
        self._forget()
        self.run_started.emit(run.id)
        self.changed.emit()

    # --- inside ---

    def _forget(self) -> None:
        self._background.cancel("preview")
        self._stop_check()
        self.path = self.test_path = self.preview = None
        self.roles, self._name = {}, ""
        self.task, self.instruction = "auto", ""

    def _stop_check(self) -> None:
        self._background.cancel("check")
        self._timer.stop()
        self.checked, self.fraction = None, 0.0

    def _on_preview(self, preview: Preview) -> None:
        self.preview, self.roles = preview, dict(preview.roles)
        self._start_check()
        self.changed.emit()

    def _on_preview_failed(self, error: WorkbenchError) -> None:
        self._forget()
        self.failed.emit(error)
        self.changed.emit()

    def _start_check(self) -> None:
        self._stop_check()
        if self.path is None or self.preview is None or not self.has_task:
            return
        if self.test_path is not None and not self.test_path.is_file():
            return
        path, roles, test = self.path, dict(self.roles), self.test_path
        task, instruction = self.task, self.instruction if self.takes_instruction else ""

        def work(cancelled: threading.Event) -> Checked:
            return reading.checked(path, roles, test, cancelled, self._note_progress, task, instruction)

        self._background.run("check", work, self._on_checked, self._on_check_failed)
        self._timer.start()

    def _note_progress(self, fraction: float) -> None:
        self.fraction = fraction  # a plain float, written by the thread and read by the timer

    def _on_checked(self, checked: Checked) -> None:
        self._timer.stop()
        self.checked = checked
        self.changed.emit()

    def _on_check_failed(self, error: WorkbenchError) -> None:
        self._timer.stop()
        self.failed.emit(error)
        self.changed.emit()
