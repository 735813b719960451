"""One run: replayed from its event log, then followed live."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.job_bridge import JobBridge
from app.models.command_line import command_line
from app.models.repeat import can_repeat, repeat_of
from app.models.run_record import Delta, RunRecord
from app.pages.runs import far_student, receipt_step
from app.pages.runs.next_step import NextStep, next_step
from app.widgets.error_text import ErrorText
from core.errors import CancelledError, InputError, WorkbenchError
from core.jobs import dependants, export, goes_on, run_folder, submission
from core.jobs.dependants import Loss
from core.jobs.events import Event
from core.jobs.goes_on import GoesOn
from core.jobs.registry import KINDS
from core.models.learning_curve import Overfitting
from core.recipes import saving
from core.workspace.records import Run

#: Steps of healing that are offered: some minutes for a small model.
HEALING_STEPS = 100


@dataclass(frozen=True)
class Learning:
    """How the learning goes, as far as one has to know.

    Attributes:
        overfitting: Whether it learns by heart by now.
        kept_step: The step whose weights are, or will be, the result; None for those of the last step.
        is_running: Whether it goes on.
        can_stop: Whether a stop was not asked for yet.
        ended_early: Whether it ended because the validation rows went no better.
    """

    overfitting: Overfitting | None
    kept_step: int | None
    is_running: bool
    can_stop: bool
    ended_early: bool


class RunViewModel(QObject):
    """What the page of a run shows and does.

    Signals:
        opened: Another run is shown; everything is to be drawn anew.
        changed: State, progress, samples, warnings or results changed.
        added: A `Delta` with new points and log lines.
        refused: A request could not be carried out; an `ErrorText`.
        removed: The run is gone.
        repeat_requested: A `Repeat` for the page that can start it.
        exported: The file or folder the figures were written to.
        saved: The run was written as a recipe, to this file.
    """

    opened = Signal()
    changed = Signal()
    added = Signal(object)
    refused = Signal(object)
    removed = Signal()
    repeat_requested = Signal(object)
    exported = Signal(str)
    saved = Signal(str)

    def __init__(self, bridge: JobBridge, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        background.setParent(self)
        self._bridge = bridge
        self._background = background
        self._replaying = False
        self._missed: list[Event] = []
        self.run: Run | None = None
        self.record = RunRecord()
        self._judged_looks = -1
        self._judgement: Overfitting | None = None
        bridge.events_arrived.connect(self._on_events_arrived)
        bridge.run_changed.connect(self._on_run_changed)

    def open(self, run_id: str) -> None:
        """Shows a run; its log is read on a thread."""
        try:
            self.run = self._bridge.workspace.store.run(run_id)
        except InputError as error:
            self.refused.emit(ErrorText.of(error))
            return
        self.record = RunRecord()
        self._judged_looks = -1
        self._missed = []
        self._replaying = True
        folder = self.folder
        self.opened.emit()

        def read(_cancelled: threading.Event) -> list[Event]:
            return run_folder.replay(folder)

        self._background.run("replay", read, self._on_replayed, self._on_failed)

    @property
    def folder(self) -> Path:
        """Where the run keeps its files."""
        assert self.run is not None
        return self._bridge.workspace.run_folder(self.run.id)

    @property
    def inputs(self) -> list[str]:
        """Names of what the run read."""
        assert self.run is not None
        store = self._bridge.workspace.store
        found = [store.find_artifact(item) for item in store.inputs(self.run.id)]
        return [item.name for item in found if item is not None]

    @property
    def memory_limit(self) -> int:
        """All memory of this computer."""
        return self._bridge.memory_total

    @property
    def error(self) -> ErrorText | None:
        """Why the run ended badly; None where a person has ended it."""
        if self.run is None or self.run.error is None or self.run.error.get("kind") == CancelledError.code:
            return None
        return ErrorText.of_dict(self.run.error)

    @property
    def is_read(self) -> bool:
        """Whether what the run said before is known."""
        return not self._replaying

    @property
    def is_refused(self) -> bool:
        """Whether its input or a setting is wrong, so that the same once more ends the same."""
        return self.run is not None and (self.run.error or {}).get("kind") == InputError.code

    @property
    def goes_on(self) -> bool:
        """Whether resuming continues where it was, instead of beginning again."""
        return self.run is not None and self.run.kind in KINDS and KINDS[self.run.kind].resumes

    @property
    def resumed(self) -> GoesOn | None:
        """What a resume of the ended run finds; None where none is offered."""
        return goes_on.offered(self._bridge.workspace, self.run) if self.run is not None else None

    @property
    def if_ended_now(self) -> GoesOn:
        """What a resume would find if the run ended now."""
        assert self.run is not None
        return goes_on.find(self._bridge.workspace, self.run)

    @property
    def next_step(self) -> NextStep | None:
        """The next best step after a good end."""
        if self.run is None or self.run.state not in ("succeeded", "stopped") or not self.record.made:
            return None
        far = far_student.of_run(self._bridge.workspace, self.run)
        if far is not None:
            return far_student.next_step(far, self.record.made[-1])
        step = next_step(self.run.kind, self.record.made[-1])
        return receipt_step.tell(self._bridge.workspace, self.run, self.record.made[-1], step)

    @property
    def learning(self) -> Learning:
        """What the curves say of the learning, and which step is kept."""
        assert self.run is not None
        step = self.run.result.get("best_step")
        if step is None and self.run.spec.get("keep_best") and self.record.best is not None:
            step = self.record.best.step
        return Learning(
            self._overfitting(),
            int(step) if isinstance(step, int | float) else None,
            is_running=self.run.is_active,
            can_stop=self.run.state != "stopping",
            ended_early=bool(self.run.result.get("ended_early")),
        )

    def _overfitting(self) -> Overfitting | None:
        """Judged anew only when there was another look at the validation rows."""
        looks = self.record.points.get("validation_loss", ())
        if len(looks) != self._judged_looks:
            self._judged_looks = len(looks)
            self._judgement = self.record.overfitting
        return self._judgement

    @property
    def can_repeat(self) -> bool:
        """Whether there is a page that starts such a run."""
        return self.run is not None and can_repeat(self.run)

    @property
    def can_save(self) -> bool:
        """Whether its job leaves something, so that it makes a recipe."""
        return self.run is not None and self.run.kind in KINDS and bool(KINDS[self.run.kind].makes)

    @property
    def has_figures(self) -> bool:
        """Whether there is a curve to export."""
        return any(self.record.points.values())

    def left_s(self) -> float | None:
        """Seconds until the phase ends."""
        if self.run is None or not self.run.is_active:
            return None
        return self.record.progress.left_s(time.time())

    @property
    def grace_left_s(self) -> float | None:
        """Seconds a stopping run still has."""
        return self._bridge.grace_left_s if self.run is not None and self.run.state == "stopping" else None

    # --- requests ---

    def stop(self) -> None:
        """Ends the run and keeps what there is."""
        self._ask(self._bridge.stop)

    def cancel(self) -> None:
        """Ends the run now."""
        self._ask(self._bridge.cancel)

    def resume(self) -> None:
        """Puts the run back into the queue."""
        self._ask(self._bridge.resume)

    @property
    def loss(self) -> Loss:
        """What can no longer be done without the run."""
        assert self.run is not None
        return dependants.of_run(self._bridge.workspace, self.run)

    def remove(self) -> None:
        """Forgets the run and its report; models and data it made stay."""
        assert self.run is not None
        try:
            submission.remove_run(self._bridge.workspace, self.run.id)
        except InputError as error:
            self.refused.emit(ErrorText.of(error))
            return
        self._bridge.run_changed.emit(self.run.id)
        self.removed.emit()

    def repeat(self) -> None:
        """Opens the run's spec on the page that can start it."""
        self._repeat({})

    def repeat_keeping_best(self) -> None:
        """Like `repeat`, with the best weights kept."""
        self._repeat({"keep_best": True})

    def repeat_healing(self) -> None:
        """Like `repeat`, with the rounded model mended."""
        self._repeat({"heal": HEALING_STEPS})

    def _repeat(self, changes: dict[str, Any]) -> None:
        assert self.run is not None
        try:
            self.repeat_requested.emit(repeat_of(self._bridge.workspace, self.run, **changes))
        except InputError as error:
            self.refused.emit(ErrorText.of(error))

    def export(self, format: export.Format, folder: str) -> None:
        """Writes the figures to a folder, on a thread."""
        assert self.run is not None
        workspace, run = self._bridge.workspace, self.run

        def write(_cancelled: threading.Event) -> str:
            return str(export.export(workspace, run, format, Path(folder)))

        self._background.run("export", write, self.exported.emit, self._on_export_failed)

    def _on_export_failed(self, error: WorkbenchError) -> None:
        self.refused.emit(ErrorText.of(error))

    def save_recipe(self, file: str) -> None:
        """Writes the run, with the jobs that made what it used, as a recipe."""
        assert self.run is not None
        path = Path(file)
        path = path if path.suffix in (".yaml", ".yml") else path.with_name(f"{path.name}.yaml")
        try:
            saving.save(self._bridge.workspace, self.run, path, with_inputs=True)
        except WorkbenchError as error:
            self.refused.emit(ErrorText.of(error))
            return
        self.saved.emit(str(path))

    def command_of(self, recipe: str) -> str:
        """The command that runs a recipe in this workspace."""
        return command_line(self._bridge.workspace, ["run", recipe])

    def _ask(self, request: Callable[[str], object]) -> None:
        assert self.run is not None
        try:
            request(self.run.id)
        except InputError as error:
            self.refused.emit(ErrorText.of(error))

    # --- what arrives ---

    def _on_replayed(self, events: list[Event]) -> None:
        self._replaying = False
        delta = self.record.take(events)
        late = self.record.take(self._missed)
        delta.points += late.points
        delta.lines += late.lines
        self.added.emit(delta)
        self.changed.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self._replaying = False
        self.refused.emit(ErrorText.of(error))

    def _on_events_arrived(self, run_id: str, events: list[Event]) -> None:
        if self.run is None or run_id != self.run.id:
            return
        if self._replaying:
            self._missed += events
            return
        delta: Delta = self.record.take(events)
        self.added.emit(delta)
        self.changed.emit()

    def _on_run_changed(self, run_id: str) -> None:
        if self.run is None or run_id != self.run.id:
            return
        try:
            self.run = self._bridge.workspace.store.run(run_id)
        except InputError:
            return  # removed; whoever removed it says so
        self.changed.emit()
