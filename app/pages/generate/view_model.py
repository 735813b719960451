"""Rules of the generate page: who is asked what about which data, what it costs, what blocks the start."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Literal, get_args

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import DataItem, ModelItem
from app.models.repeat import Repeat
from app.pages.generate.asking import Asking
from app.pages.generate.endpoints_model import EndpointsModel
from app.pages.generate.trial_model import Question, TrialModel
from app.pages.wizard_view_model import WizardViewModel
from core.errors import WorkbenchError
from core.offers import few
from core.specs import GenerateSpec
from core.specs.generate import PresetChoice, PromptSource
from core.workspace.workspace import Workspace

Blocker = Literal["", "teacher", "data", "settings", "misfit", "looking", "trying", "name", "name_taken"]
Step = Literal["teacher", "data", "ask", "check"]
STEPS: tuple[Step, ...] = ("teacher", "data", "ask", "check")
SOURCES: tuple[PromptSource, ...] = get_args(PromptSource)
#: Fields with an editor of their own on the page.
CHOSEN = ("teacher", "data", "like", "source", "task", "as_learnt")


class GenerateViewModel(WizardViewModel):
    """Edits a `GenerateSpec`, tries it, and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.

    Signals:
        asked: A `Question` that must be agreed to before anything is sent.
    """

    kind = GenerateSpec.kind
    order = STEPS
    asked = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.teachers: list[ModelItem] = []
        self.data_sets: list[DataItem] = []
        self.teacher: ModelItem | None = None
        self.data: DataItem | None = None
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self._source: PromptSource = "prompts"
        self._task: PresetChoice = "auto"
        self._like: str | None = None
        self._known: dict[tuple[str, ...], dict[str, Any]] = {}
        self.trial = TrialModel(bridge, self)
        self.trial.changed.connect(self.changed)
        self.trial.asked.connect(self._on_asked)
        self.trial.failed.connect(self._on_failed)
        self.endpoints = EndpointsModel(bridge, self)
        self.endpoints.changed.connect(self.changed)
        self.endpoints.added.connect(self._on_endpoint_added)
        self.endpoints.failed.connect(self._on_failed)
        bridge.run_changed.connect(self.refresh)

    @property
    def workspace(self) -> Workspace:
        """Where everything is."""
        return self._workspace

    @Slot(str)
    def change_key(self, key: str) -> None:
        """Gives the chosen endpoint another key; an empty one forgets it."""
        if self.teacher is not None:
            self.endpoints.give_key(self._workspace.artifact(self.teacher.id, "model"), key)

    # --- what is there ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        self.teachers = library.models(self._workspace, endpoints=True)
        self.data_sets = library.data_sets(self._workspace, questions=True)
        self._known = {}
        self.teacher = library.kept(self.teachers, self.teacher)
        self.data = library.kept(self.data_sets, self.data)
        self._choices_changed()

    def close(self) -> None:
        """Ends a trial and drops what is being read."""
        self.trial.close()
        self.endpoints.close()

    # --- choices ---

    @Slot(str)
    def choose_teacher(self, artifact_id: str) -> None:
        """Takes a model or an endpoint of the list."""
        self.teacher = library.found(self.teachers, artifact_id)
        self._choices_changed()

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list."""
        self.data = library.found(self.data_sets, artifact_id)
        self._choices_changed()

    def choose(self, artifact_id: str) -> None:
        """Takes an artifact as teacher or as data, whichever it is."""
        if library.found(self.teachers, artifact_id) is not None:
            self.choose_teacher(artifact_id)
        elif library.found(self.data_sets, artifact_id) is not None:
            self.choose_data(artifact_id)

    @Slot(str)
    def choose_source(self, source: PromptSource) -> None:
        """One of `SOURCES`."""
        self._source = source
        self._choices_changed()

    @Slot(str)
    def choose_task(self, task: PresetChoice) -> None:
        """One of the tasks of `asking`."""
        self._task = task
        self._choices_changed()

    @Slot(str)
    def choose_like(self, artifact_id: str) -> None:
        """Data that questions without answers are answered like; an empty text means none."""
        self._like = artifact_id
        self._choices_changed()

    def set_fields(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the fields of the form that differ from their defaults, and what is wrong with them."""
        self.values, self.errors = values, errors
        self._choices_changed()

    def fill(self, repeat: Repeat) -> None:
        """Takes over what an earlier run was told."""
        told = repeat.spec.model_dump()
        self.refresh()
        self.teacher = library.found(self.teachers, told["teacher"])
        self.data = library.found(self.data_sets, told["data"])
        self._source, self._task, self._like = told["source"], told["task"], told["like"] or ""
        self.values = {
            name: value
            for name, value in told.items()
            if name not in CHOSEN and value != GenerateSpec.model_fields[name].default
        }
        self.errors, self._name = {}, repeat.name
        self.filled.emit()
        self._choices_changed()

    # --- what follows from them ---

    @property
    def asking(self) -> Asking:
        """How the teacher is asked, as far as it is chosen and follows from the rest."""
        return Asking(
            self._workspace, self.teacher, self.data, self.data_sets, self.values,
            self._source, self._task, self._like, self._known,
        )  # fmt: skip

    @property
    def rows(self) -> int:
        """How many rows are asked at most."""
        return int(self.values.get("rows", GenerateSpec.model_fields["rows"].default))

    def spec(self) -> GenerateSpec | None:
        """The job as it is set now; None while something is missing or wrong."""
        if self.teacher is None or self.data is None or self.errors:
            return None
        try:
            return GenerateSpec(teacher=self.teacher.id, data=self.data.id, **self._spec_values())
        except ValidationError:
            return None

    @property
    def problem(self) -> str:
        """Why these settings do not go together, in a sentence; empty when they do."""
        if self.teacher is None or self.data is None or self.errors:
            return ""
        try:
            GenerateSpec(teacher=self.teacher.id, data=self.data.id, **self._spec_values())
        except ValidationError as error:
            said = str(error.errors()[0].get("ctx", {}).get("error", "")).partition(" (")[0]
            return f"{said[:1].upper()}{said[1:]}."
        misfit = self.trial.misfit
        return f"{misfit.what} {misfit.why}" if misfit is not None else ""

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after data and teacher."""
        if self._name or self.teacher is None or self.data is None:
            return self._name
        return self._workspace.free_name(f"{self.data.name} by {self.teacher.name}"[:90], "dataset")

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if self.teacher is None:
            return "teacher"
        if self.data is None:
            return "data"
        return "ask" if self.errors or self.problem else "check"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if self.step in ("teacher", "data"):
            return "teacher" if self.teacher is None else "data"
        if self.errors:
            return "settings"
        if self.problem:
            return "misfit"
        if self.trial.is_trying:
            return "trying"
        if self.trial.offer is None or self.trial.is_asking:
            return "looking"
        return self._name_blocker()

    @property
    def can_try(self) -> bool:
        """Whether rows can be asked now, and there is something to see that was not seen."""
        if self.trial.is_trying or self.trial.is_asking or self.trial.offer is None or self.problem:
            return False
        return not (self.trial.is_current and self.trial.trial is not None and self.trial.trial.is_whole)

    def command(self) -> str:
        """The command line that does the same."""
        teacher = self.teacher.name if self.teacher else "TEACHER"
        data = self.data.name if self.data else "DATA"
        parts = ["generate", "--teacher", teacher, "--data", data]
        values = self._spec_values()
        like = values.pop("like", None)
        if self.asking.like is not None and like:
            parts += ["--like", self.asking.like.name]
        for field, value in values.items():
            parts += ["--set", f"{field}={value if isinstance(value, str) else json.dumps(value)}"]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    # --- trial and start ---

    @Slot()
    def show_rows(self) -> None:
        """Asks a few rows, after a yes where they leave this computer."""
        spec = self.spec()
        if spec is not None and self.can_try:
            self.trial.require(few(spec), is_trial=True)

    @Slot()
    def start(self) -> None:
        """Queues the run, after a yes where rows leave this computer; does nothing while it is blocked."""
        spec = self.spec()
        if spec is not None and not self.blocker:
            self.trial.require(spec, is_trial=False)

    def agree(self, question: Question, key: str) -> None:
        """The person said yes to exactly this; a key is kept first."""
        if key:
            self.endpoints.give_key(question.offer.teacher, key, partial(self._go_on, question))
        else:
            self._go_on(question)

    @Slot(object)
    def _on_asked(self, question: Question) -> None:
        if question.offer.endpoint is None:
            self._go_on(question)
        else:
            self.asked.emit(question)

    def _go_on(self, question: Question) -> None:
        if question.is_trial:
            self.trial.start(question.spec)
            return
        run = self._submit(question.spec, brings=self.trial.answers_for(question.spec))
        if run is not None:
            self.trial.forget()
            self._announce(run)

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.failed.emit(error)
        self.changed.emit()

    # --- inside ---

    def _spec_values(self) -> dict[str, Any]:
        """What differs from the spec's own defaults and means something."""
        asking = self.asking
        like = asking.like
        chosen = {
            "source": asking.source,
            "task": asking.task,
            "like": like.id if like is not None else None,
            "as_learnt": asking.as_learnt,
        }
        values = {field: value for field, value in self.values.items() if not asking.is_idle(field)}
        return {
            field: value
            for field, value in chosen.items()
            if value != GenerateSpec.model_fields[field].default
        } | values

    @Slot(str)
    def _on_endpoint_added(self, artifact_id: str) -> None:
        self.refresh()
        self.choose_teacher(artifact_id)

    def _choices_changed(self) -> None:
        self.trial.ask(self.spec())
        self.changed.emit()
