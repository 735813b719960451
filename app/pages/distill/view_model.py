"""Rules of the distill page: who teaches whom on what, how, and what still blocks the start."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

from PySide6.QtCore import QObject, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.cut_out import pruning_of
from app.models.library import ModelItem
from app.models.repeat import Repeat
from app.pages.distill.pair_doctor import PairDoctor
from app.pages.finetune.training_view_model import TrainingViewModel
from core.models.compatibility import INSIDE, Diagnosis, Inside
from core.specs import DistillSpec
from core.workspace.taught import is_taught

Blocker = Literal[
    "", "teacher", "student", "looking", "pair", "data", "settings", "name", "name_taken", "template", "disk"
]
Step = Literal["pair", "data", "method", "check"]
STEPS: tuple[Step, ...] = ("pair", "data", "method", "check")
#: Fields with an editor of their own on the page.
_CHOSEN = ("model", "data", "teachers", "teacher_weights", "method", "divergence")


class DistillViewModel(TrainingViewModel):
    """Edits a `DistillSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    kind = DistillSpec.kind
    order = STEPS

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.teachers: list[ModelItem] = []
        self.students: list[ModelItem] = []
        self.teacher: ModelItem | None = None
        self.more: list[ModelItem] = []
        self._weights: dict[str, float] = {}
        self.student: ModelItem | None = None
        self.method = _default("method")
        self.values: dict[str, Any] = {}
        self._divergence = _default("divergence")
        self._is_untaught = False
        self.doctor = PairDoctor(self._workspace, self)
        self.doctor.changed.connect(self._on_diagnosed)
        self.doctor.failed.connect(self.failed)

    # --- what is there ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        self.teachers = library.models(self._workspace)
        self.data_sets = library.data_sets(self._workspace)
        self.teacher = library.kept(self.teachers, self.teacher)
        self.more = [item for item in self.teachers if any(item.id == other.id for other in self.more)]
        self.data = library.kept(self.data_sets, self.data)
        self.doctor.look_again()
        self._pair_changed()

    def close(self) -> None:
        """Drops what is still being read."""
        self.doctor.close()
        super().close()

    # --- choices ---

    @Slot(str)
    def choose_teacher(self, artifact_id: str) -> None:
        """Takes a model of the list; it cannot be the student too."""
        self.teacher = library.found(self.teachers, artifact_id)
        self._pair_changed()

    @Slot()
    def add_teacher(self) -> None:
        """Takes one more teacher, the first that is free."""
        if self.teacher is not None and self.free_teachers:
            self.more.append(self.free_teachers[0])
            self._pair_changed()

    @Slot(int, str)
    def replace_teacher(self, at: int, artifact_id: str) -> None:
        """Takes a free model in place of one of `more`."""
        item = library.found(self.free_teachers, artifact_id)
        if item is not None:
            self.more[at] = item
            self._pair_changed()

    @Slot(int)
    def remove_teacher(self, at: int) -> None:
        """Goes on without one of `more`."""
        del self.more[at]
        self._pair_changed()

    @Slot(str, float)
    def set_weight(self, artifact_id: str, weight: float) -> None:
        """How much a teacher counts beside the others."""
        self._weights[artifact_id] = weight
        self._choices_changed()

    @Slot(str)
    def choose_student(self, artifact_id: str) -> None:
        """Takes a model that can learn."""
        self.student = library.found(self.students, artifact_id)
        self._pair_changed()

    def choose(self, artifact_id: str) -> None:
        """Takes an artifact as teacher or as data, whichever it is.

        A model that was cut out of another one is the student of that one, on the data it was cut for.
        """
        cut = pruning_of(self._workspace, artifact_id)
        if cut is not None:
            self.data = library.found(self.data_sets, cut.data) or self.data
            self.teacher = library.found(self.teachers, cut.model)
            self._fill_students()
            self.choose_student(artifact_id)
        elif library.found(self.teachers, artifact_id) is not None:
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
        first, *others = (library.found(self.teachers, artifact_id) for artifact_id in told["teachers"])
        self.teacher, self.more = first, [item for item in others if item is not None]
        self._weights = dict(zip(told["teachers"], told["teacher_weights"], strict=False))
        self._fill_students()
        self.student = library.found(self.students, told["model"])
        self.data = library.found(self.data_sets, told["data"])
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

    # --- what follows from them ---

    @property
    def all_teachers(self) -> list[ModelItem]:
        """Those that were chosen, in order."""
        return [self.teacher, *self.more] if self.teacher is not None else []

    @property
    def has_several(self) -> bool:
        """Whether several teachers share the work; what needs a live one is then out."""
        return self.teacher is not None and bool(self.more)

    @property
    def free_teachers(self) -> list[ModelItem]:
        """Models that could teach beside those that were chosen."""
        taken = {item.id for item in (*self.all_teachers, self.student) if item is not None}
        return [item for item in self.teachers if item.id not in taken]

    def share(self, item: ModelItem) -> float:
        """How much of all the teaching is this teacher's, from 0 to 1."""
        return self.weight(item) / sum(map(self.weight, self.all_teachers))

    def weight(self, item: ModelItem) -> float:
        """How much a teacher counts beside the others."""
        return self._weights.get(item.id, 1.0)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Whether they go together; None until they were looked at."""
        return self.doctor.diagnosis

    @property
    def divergence(self) -> str:
        """What is compared: as chosen, or what the pair allows."""
        allowed = self.diagnosis.divergences if self.diagnosis is not None else ()
        return self._divergence if not allowed or self._divergence in allowed else allowed[0]

    @property
    def can_answer(self) -> bool:
        """Whether the student can learn from its own answers, as far as is known."""
        return not self.has_several and (self.diagnosis is None or self.diagnosis.on_policy)

    @property
    def answers(self) -> bool:
        """Whether the student answers itself in some of the steps."""
        return self.can_answer and bool(self.values.get("on_policy"))

    def obstacle(self, field: Inside) -> str:
        """What keeps hidden states or attention from being matched, as far as is known."""
        finding = self.diagnosis.inside.get(field) if self.diagnosis is not None else None
        return finding.what if finding is not None else ""

    @property
    def matches(self) -> bool:
        """Whether hidden states or attention are matched, with the teacher in memory."""
        return any(self.values.get(field) and self._can_match(field) for field in INSIDE)

    @property
    def offers_correction(self) -> bool:
        """Whether the teacher could learn the task first: it can learn, and nobody has taught it yet."""
        return self._is_untaught and not self.has_several

    @property
    def offers_cut(self) -> bool:
        """Whether a student could be cut out of the teacher: no smaller one is chosen, and it can be cut."""
        teacher, student = self.teacher, self.student
        if teacher is None or not teacher.is_trainable:
            return False
        if student is None:
            return True
        sizes = [library.root(self.teachers, item).parameters for item in (student, teacher)]
        return bool(sizes[0]) and sizes[0] >= sizes[1]

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
                "teachers": [item.id for item in self.all_teachers],
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
        return self.pair_blocker or self._blocker_of_the_rest()

    def command(self) -> str:
        """The command line that does the same."""
        names = [item.name for item in self.all_teachers] or ["TEACHER"]
        parts = [
            "distill",
            *(part for name in names for part in ("--teacher", name)),
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
        return command_line(self._workspace, parts)

    # --- inside ---

    def _spec_values(self) -> dict[str, Any]:
        """What differs from the spec's own defaults and goes with the pair."""
        values = dict(self.values)
        if not self.answers:
            values.pop("on_policy", None)
        for field in INSIDE:
            if not self._can_match(field):
                values.pop(field, None)
        weights = [self.weight(item) for item in self.all_teachers]
        if len(set(weights)) > 1:  # alike is what the spec says by itself
            values["teacher_weights"] = weights
        method = self.method
        if values.get("continue_adapter") and self.can_continue:
            method = "auto"  # the add-on's own
        else:
            values.pop("continue_adapter", None)
        chosen = {"method": method, "divergence": self.divergence}
        return {field: value for field, value in chosen.items() if value != _default(field)} | values

    def _can_match(self, field: Inside) -> bool:
        return not self.has_several and not self.obstacle(field)

    def _value(self, field: str) -> Any:
        return self.values.get(field, _default(field))

    def _fill_students(self) -> None:
        taken = {item.id for item in self.all_teachers}
        self.students = [item for item in self.teachers if item.is_trainable and item.id not in taken]

    def _pair_changed(self) -> None:
        self.more = [item for item in self.more if self.teacher is None or item.id != self.teacher.id]
        self._fill_students()
        self.student = library.kept(self.students, self.student)
        teacher, student = self.teacher, self.student
        self._is_untaught = (
            teacher is not None and teacher.is_trainable and not is_taught(self._workspace, teacher.id)
        )
        self.doctor.ask([item.id for item in self.all_teachers], student.id if student else None)
        self._choices_changed()

    @Slot()
    def _on_diagnosed(self) -> None:
        self._choices_changed()

    def _choices_changed(self) -> None:
        self._facts.ask(self.data)
        self.fit.ask(self.spec())
        self.sees.spec = self._look_spec(self.student)
        self.changed.emit()


def _default(field: str) -> Any:
    return DistillSpec.model_fields[field].default
