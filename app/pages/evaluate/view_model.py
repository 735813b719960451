"""Rules of the evaluate page: which models, which data, the general check, and what blocks the start."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Literal

from PySide6.QtCore import QObject, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import DataItem, ModelItem
from app.pages.evaluate.judge_model import JudgeModel
from app.pages.generate.trial_model import Question
from app.pages.wizard_view_model import WizardViewModel
from core.errors import WorkbenchError
from core.models.evaluation_time import EvaluationTimes
from core.specs import EvaluateSpec

Blocker = Literal["", "models", "data", "no_test", "settings", "asking", "name", "name_taken"]
Step = Literal["models", "data", "check"]
STEPS: tuple[Step, ...] = ("models", "data", "check")
_DEEPEST = 12


class EvaluateViewModel(WizardViewModel):
    """Edits an `EvaluateSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    kind = EvaluateSpec.kind
    order = STEPS

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.models: list[ModelItem] = []
        self.data_sets: list[DataItem] = []
        self.data: DataItem | None = None
        self.general = True
        self.advanced: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self._chosen: set[str] = set()
        self._times = EvaluationTimes(self._workspace)
        self.judging = JudgeModel(bridge, self)
        self.judging.failed.connect(self._on_failed)

    def close(self) -> None:
        """Drops what is under way."""
        self.judging.close()

    @Slot()
    def refresh(self) -> None:
        """Reads the library again, oldest model first, and keeps what is still there."""
        self.models = sorted(library.models(self._workspace), key=lambda item: item.created_at)
        self.data_sets = library.data_sets(self._workspace)
        self._chosen &= {item.id for item in self.models}
        self.data = library.kept(self.data_sets, self.data)
        self._times = EvaluationTimes(self._workspace)
        self.judging.refresh()
        self.changed.emit()

    @property
    def chosen(self) -> list[ModelItem]:
        """The models to measure; the oldest is the one that the others are compared with."""
        return [item for item in self.models if item.id in self._chosen]

    def set_chosen(self, artifact_id: str, on: bool) -> None:
        """Takes a model or leaves it out."""
        self._chosen = self._chosen | {artifact_id} if on else self._chosen - {artifact_id}
        self.changed.emit()

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list; others are ignored."""
        self.data = library.found(self.data_sets, artifact_id) or self.data
        self.changed.emit()

    def take(self, artifact_id: str) -> None:
        """Prepares to measure what a model gained: beside what it was made from, on the data it learnt from.

        A distilled model stands beside its teachers. A data set is taken as the data.
        """
        self.choose_data(artifact_id)
        if not any(item.id == artifact_id for item in self.models):
            return
        self._chosen = {artifact_id}
        beside, data = self._origin(artifact_id)
        self._chosen |= beside & {item.id for item in self.models}
        self.choose_data(data)
        self._name = ""
        self.changed.emit()

    def take_only(self, artifact_ids: list[str]) -> None:
        """Prepares to measure exactly these models, on the data set among them."""
        self._chosen = {item.id for item in self.models if item.id in artifact_ids}
        for artifact_id in artifact_ids:
            self.choose_data(artifact_id)
        self._name = ""
        self.changed.emit()

    def _origin(self, artifact_id: str) -> tuple[set[str], str]:
        """Ids of the models to measure a model beside, and of the data that it or an ancestor learnt from."""
        beside: set[str] = set()
        current = artifact_id
        for _ in range(_DEEPEST):
            artifact = self._workspace.store.find_artifact(current)
            made = self._workspace.store.maker(artifact) if artifact is not None else None
            spec = made.spec if made is not None else {}
            parent, data = (str(spec.get(field) or "") for field in ("model", "data"))
            beside = beside or set(spec.get("teachers") or filter(None, [parent]))
            if data or not parent:
                return beside, data
            current = parent
        return beside, ""

    @Slot(bool)
    def set_general(self, on: bool) -> None:
        """Whether the general check is made."""
        if on != self.general:
            self.general = on
            self.changed.emit()

    @Slot(str)
    def set_judge(self, artifact_id: str) -> None:
        """Has a model rate the answers; an empty id has nobody."""
        self.judging.choose(artifact_id)
        self.changed.emit()

    def set_advanced(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the advanced fields that differ from their defaults, and what is wrong with them."""
        self.advanced, self.errors = values, errors
        self.changed.emit()

    @property
    def name(self) -> str:
        """How the report will be called: as typed, or after the data."""
        if self._name or self.data is None:
            return self._name
        return self._workspace.free_name(f"{self.data.name}-evaluation", "report")

    @property
    def rows(self) -> int:
        """Rows that every model answers."""
        if self.data is None:
            return 0
        split = self.advanced.get("split", "test")
        count = self.data.validation if split == "validation" else self.data.test
        limit = self.advanced.get("limit")
        return min(count, int(limit)) if limit else count

    @property
    def seconds(self) -> float | None:
        """About how long it takes without the judge; None where nothing like it was measured here yet."""
        if self.data is None or not self._chosen or self.errors:
            return None
        told = {"models": [item.id for item in self.chosen], "data": self.data.id, **self._settings()}
        return self._times.seconds(EvaluateSpec.model_validate(told), self.rows)

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if not self._chosen:
            return "models"
        return "data" if self.data is None else "check"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if not self._chosen:
            return "models"
        if self.data is None:
            return "data"
        if self.errors:
            return "settings"
        if not self.rows:
            return "no_test"
        if self.judging.is_asking:
            return "asking"
        return self._name_blocker()

    def command(self) -> str:
        """The command line that does the same."""
        names = [item.name for item in self.chosen] or ["MODEL"]
        parts = ["evaluate", *names, "--data", self.data.name if self.data else "DATA"]
        judge = self.judging.judge
        named = {"judge": judge.name} if judge is not None else {}
        for field, value in {**self._settings(), **named}.items():
            text = value if isinstance(value, str) else json.dumps(value)
            parts += ["--set", f"{field}={text}"]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    def _settings(self) -> dict[str, Any]:
        return {**({"general": True} if self.general else {}), **self.advanced}

    @Slot()
    def start(self) -> None:
        """Queues the run; does nothing while something blocks it."""
        if self.blocker or self.data is None:
            return
        models = [item.id for item in self.chosen]
        judge = self.judging.judge
        told = {"models": models, "data": self.data.id, **self._settings()}
        spec = EvaluateSpec.model_validate({**told, "judge": judge.id if judge is not None else None})
        self.judging.require(spec, partial(self._queue, spec))
        self.changed.emit()

    def agree(self, question: Question, key: str) -> None:
        """The person said yes to what is sent to the judge; a key is kept first."""
        self.judging.agree(question, key)
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.failed.emit(error)
        self.changed.emit()
