"""Rules of the distill page: who teaches whom on what, how, and what still blocks the start."""

from __future__ import annotations

import json
import math
import shlex
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.formats import size_text
from app.job_bridge import JobBridge
from app.models import library
from app.models.library import DataItem, ModelItem
from app.models.repeat import Repeat
from app.models.taught import is_taught
from app.pages.distill.pair_doctor import PairDoctor
from app.pages.finetune.facts import Facts, FactsModel
from app.pages.finetune.fit_model import FitModel
from app.pages.finetune.view_model import kept
from app.pages.sees_view_model import SeesViewModel
from core.errors import WorkbenchError
from core.models.compatibility import Diagnosis
from core.specs import DistillSpec, PreviewSpec
from core.workspace.workspace import check_name

Blocker = Literal[
    "", "teacher", "student", "looking", "pair", "data", "settings", "name", "name_taken", "template", "disk"
]
Step = Literal["pair", "data", "method", "check"]
STEPS: tuple[Step, ...] = ("pair", "data", "method", "check")
#: Fields with an editor of their own on the page.
_CHOSEN = ("model", "data", "teachers", "method", "divergence")
_LOOK_ROWS = 3


class DistillViewModel(QObject):
    """Edits a `DistillSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    #: Lists, choices, the diagnosis or the preview are different now.
    changed = Signal()
    #: The first row was read.
    facts_read = Signal()
    run_started = Signal(str)
    failed = Signal(object)
    #: All choices were replaced by those of an earlier run.
    filled = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self.teachers: list[ModelItem] = []
        self.students: list[ModelItem] = []
        self.data_sets: list[DataItem] = []
        self.teacher: ModelItem | None = None
        self.student: ModelItem | None = None
        self.data: DataItem | None = None
        self.method = _default("method")
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self._divergence = _default("divergence")
        self._name = ""
        self._is_untaught = False
        self.doctor = PairDoctor(self._workspace, self)
        self.doctor.changed.connect(self._on_diagnosed)
        self._facts = FactsModel(self._workspace, self)
        self._facts.read.connect(self.facts_read)
        self._facts.read.connect(self.changed)
        self.fit = FitModel(bridge, self)
        self.fit.changed.connect(self.changed)
        self.sees = SeesViewModel(bridge, self)
        self.sees.looked.connect(self.changed)
        for part in (self.doctor, self._facts, self.fit, self.sees):
            part.failed.connect(self.failed)
        bridge.library_changed.connect(self.refresh)
        bridge.run_changed.connect(self.refresh)

    # --- what is there ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        self.teachers = library.models(self._workspace)
        self.data_sets = library.data_sets(self._workspace)
        self.teacher = kept(self.teachers, self.teacher)
        self.data = kept(self.data_sets, self.data)
        self.doctor.look_again()
        self._pair_changed()

    def close(self) -> None:
        """Drops what is still being read."""
        for part in (self.doctor, self._facts, self.fit, self.sees):
            part.close()

    @property
    def facts(self) -> Facts | None:
        """What the chosen data's files say; None until they were read."""
        return self._facts.facts

    # --- choices ---

    @Slot(str)
    def choose_teacher(self, artifact_id: str) -> None:
        """Takes a model of the list; it cannot be the student too."""
        self.teacher = _found(self.teachers, artifact_id)
        self._pair_changed()

    @Slot(str)
    def choose_student(self, artifact_id: str) -> None:
        """Takes a model that can learn."""
        self.student = _found(self.students, artifact_id)
        self._pair_changed()

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list."""
        self.data = next((item for item in self.data_sets if item.id == artifact_id), None)
        self._choices_changed()

    def choose(self, artifact_id: str) -> None:
        """Takes an artifact as teacher or as data, whichever it is."""
        if _found(self.teachers, artifact_id) is not None:
            self.choose_teacher(artifact_id)
        elif any(item.id == artifact_id for item in self.data_sets):
            self.choose_data(artifact_id)

    @Slot(str)
    def choose_method(self, method: str) -> None:
        """One of the methods of `DistillSpec`."""
        if method != self.method:
            self.method = method
            self._choices_changed()

    @Slot(str)
    def choose_divergence(self, divergence: str) -> None:
        """One of the divergences of `DistillSpec`."""
        if divergence != self.divergence:
            self._divergence = divergence
            self._choices_changed()

    def set_fields(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the fields of the form that differ from their defaults, and what is wrong with them."""
        self.values, self.errors = values, errors
        self._choices_changed()

    def fill(self, repeat: Repeat) -> None:
        """Takes over what an earlier run was told."""
        told = repeat.spec.model_dump()
        self.refresh()
        self.teacher = _found(self.teachers, told["teachers"][0])
        self._fill_students()
        self.student = _found(self.students, told["model"])
        self.data = next((item for item in self.data_sets if item.id == told["data"]), None)
        self.method = "lora" if told["method"] == "auto" else told["method"]
        self._divergence = told["divergence"]
        self.values = {
            name: value
            for name, value in told.items()
            if name not in _CHOSEN and value != DistillSpec.model_fields[name].default
        }
        self.errors = {}
        self._name = repeat.name
        self.filled.emit()
        self._pair_changed()

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the result; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    # --- what follows from them ---

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Whether the two go together; None until they were looked at."""
        return self.doctor.diagnosis

    @property
    def divergence(self) -> str:
        """What is compared: as chosen, or what the pair allows."""
        allowed = self.diagnosis.divergences if self.diagnosis is not None else ()
        return self._divergence if not allowed or self._divergence in allowed else allowed[0]

    @property
    def can_answer(self) -> bool:
        """Whether the student can learn from its own answers, as far as is known."""
        return self.diagnosis is None or self.diagnosis.on_policy

    @property
    def answers(self) -> bool:
        """Whether the student answers itself in some of the steps."""
        return self.can_answer and bool(self.values.get("on_policy"))

    @property
    def offers_correction(self) -> bool:
        """Whether the teacher could learn the task first: it can learn, and nobody has taught it yet."""
        return self._is_untaught

    @property
    def can_continue(self) -> bool:
        """Whether the student is an add-on that could learn on in itself."""
        return self.student is not None and self.student.is_adapter and self.method != "full"

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after the data."""
        if self._name or self.data is None:
            return self._name
        return self._workspace.free_name(f"{self.data.name}-student", "model")

    @property
    def passes(self) -> float:
        """How often the student sees every row."""
        return float(self._value("epochs"))

    @property
    def steps(self) -> int:
        """How many steps the run will take."""
        if self.data is None:
            return 0
        batch = int(self._value("batch_size"))
        whole = max(1, round(self.passes * math.ceil(self.data.train / batch)))
        limit = self._value("max_steps")
        return min(whole, int(limit)) if limit else whole

    def spec(self) -> DistillSpec | None:
        """The distilling as it is set now; None while something is missing or wrong."""
        if self.teacher is None or self.student is None or self.data is None or self.errors:
            return None
        return DistillSpec.model_validate(
            {
                "teachers": [self.teacher.id],
                "model": self.student.id,
                "data": self.data.id,
                **self._spec_values(),
            }
        )

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if self.pair_blocker not in ("", "looking"):
            return "pair"
        if self.data is None:
            return "data"
        return "method" if self.errors else "check"

    def is_open(self, step: Step) -> bool:
        """Whether a step can be gone to."""
        return STEPS.index(step) <= STEPS.index(self.step)

    @property
    def pair_blocker(self) -> Blocker:
        """What keeps the pair from being taken, or an empty text."""
        if self.teacher is None:
            return "teacher"
        if self.student is None:
            return "student"
        if self.doctor.is_looking:
            return "looking"
        return "" if self.diagnosis is not None and self.diagnosis.possible else "pair"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if self.pair_blocker:
            return self.pair_blocker
        if self.data is None:
            return "data"
        if self.errors:
            return "settings"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        if self._workspace.store.find_artifact(name, "model") is not None:
            return "name_taken"
        if self.sees.look is not None and self.sees.look.forbids:
            return "template"
        said = self.fit.forecast
        return "" if said is None or said.has_disk else "disk"

    def command(self) -> str:
        """The command line that does the same."""
        parts = [
            "slm-workbench",
            "distill",
            "--teacher",
            self.teacher.name if self.teacher else "TEACHER",
            "--student",
            self.student.name if self.student else "STUDENT",
            "--data",
            self.data.name if self.data else "DATA",
        ]
        for field, value in self._spec_values().items():
            if field == "method":
                parts += ["--method", value]
            else:
                parts += ["--set", f"{field}={value if isinstance(value, str) else json.dumps(value)}"]
        if self.name:
            parts += ["--name", self.name]
        return shlex.join(parts)

    @Slot()
    def start(self) -> None:
        """Queues the run, unless something blocks it or it clearly does not fit."""
        if not self.fit.is_refused:
            self._submit(())

    @Slot()
    def start_anyway(self) -> None:
        """Queues a run that does not fit; its log says that the person insisted."""
        said = self.fit.forecast
        if said is None:
            return
        text = self.tr("Started although it needs about {need} of memory and {free} were free.")
        need, free = said.need.memory.total, said.machine.memory_free
        self._submit((text.format(need=size_text(need), free=size_text(free)),))

    # --- inside ---

    def _submit(self, warnings: tuple[str, ...]) -> None:
        spec = self.spec()
        if self.blocker or spec is None:
            return
        try:
            run = self._bridge.submit(spec, self.name, warnings)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self._name = ""
        self.run_started.emit(run.id)
        self.changed.emit()

    def _spec_values(self) -> dict[str, Any]:
        """What differs from the spec's own defaults and goes with the pair."""
        values = dict(self.values)
        if not self.answers:
            values.pop("on_policy", None)
        method = self.method
        if values.get("continue_adapter") and self.can_continue:
            method = "auto"  # the add-on's own
        else:
            values.pop("continue_adapter", None)
        chosen = {"method": method, "divergence": self.divergence}
        return {field: value for field, value in chosen.items() if value != _default(field)} | values

    def _value(self, field: str) -> Any:
        return self.values.get(field, _default(field))

    def _fill_students(self) -> None:
        taken = self.teacher.id if self.teacher is not None else ""
        self.students = [item for item in self.teachers if item.is_trainable and item.id != taken]

    def _pair_changed(self) -> None:
        self._fill_students()
        self.student = kept(self.students, self.student)
        teacher, student = self.teacher, self.student
        self._is_untaught = (
            teacher is not None and teacher.is_trainable and not is_taught(self._workspace, teacher.id)
        )
        self.doctor.ask(teacher.id if teacher else None, student.id if student else None)
        self._choices_changed()

    @Slot()
    def _on_diagnosed(self) -> None:
        self._choices_changed()

    def _choices_changed(self) -> None:
        self._facts.ask(self.data)
        self.fit.ask(self.spec())
        self.sees.spec = None
        if self.student is not None and self.data is not None and not self.errors:
            self.sees.spec = PreviewSpec(
                model=self.student.id,
                data=self.data.id,
                rows=_LOOK_ROWS,
                max_length=self._value("max_length"),
                default_system=self._value("default_system"),
            )
        self.changed.emit()


def _default(field: str) -> Any:
    return DistillSpec.model_fields[field].default


def _found(items: list[ModelItem], artifact_id: str) -> ModelItem | None:
    return next((item for item in items if item.id == artifact_id), None)
