"""Rules of the fine-tune page: what is chosen, what it will need, and what still blocks the start."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

from PySide6.QtCore import QObject, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import ModelItem
from app.models.repeat import Repeat
from app.pages.finetune.training_view_model import TrainingViewModel
from core.models import presets
from core.models.presets import Patience, Preset
from core.specs import FinetuneSpec

Blocker = Literal["", "model", "data", "settings", "name", "name_taken", "template", "disk"]
Step = Literal["model", "data", "method", "check"]
STEPS: tuple[Step, ...] = ("model", "data", "method", "check")
_SIMPLE = ("method",)


class FinetuneViewModel(TrainingViewModel):
    """Edits a `FinetuneSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    kind = FinetuneSpec.kind
    order = STEPS

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.models: list[ModelItem] = []
        self.model: ModelItem | None = None
        self.values: dict[str, Any] = {"method": "lora"}
        self.patience: Patience = presets.DEFAULT

    # --- what is there ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        self.models = [item for item in library.models(self._workspace) if item.is_trainable]
        self.data_sets = library.data_sets(self._workspace)
        self.model = library.kept(self.models, self.model)
        self.data = library.kept(self.data_sets, self.data)
        self._choices_changed()

    # --- choices ---

    @Slot(str)
    def choose_model(self, artifact_id: str) -> None:
        """Takes a model of the list."""
        self.model = library.found(self.models, artifact_id)
        self._choices_changed()

    def choose(self, artifact_id: str) -> None:
        """Takes an artifact as model or as data, whichever it is."""
        if any(item.id == artifact_id for item in self.models):
            self.choose_model(artifact_id)
        elif any(item.id == artifact_id for item in self.data_sets):
            self.choose_data(artifact_id)

    def spec(self) -> FinetuneSpec | None:
        """The fine-tuning as it is set now; None while something is missing or wrong."""
        if self.model is None or self.data is None or self.errors:
            return None
        values = {**self.preset_values, **self._spec_values()}
        return FinetuneSpec(model=self.model.id, data=self.data.id, **values)

    @Slot(str)
    def choose_method(self, method: str) -> None:
        """One of the methods of `FinetuneSpec`."""
        if method != self.method:
            self.values["method"] = method
            self._choices_changed()

    @Slot(str)
    def choose_patience(self, patience: Patience) -> None:
        """How long it may learn; fills the fields that were not set by hand."""
        if patience != self.patience:
            self.patience = patience
            self._choices_changed()

    def set_advanced(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the advanced fields that differ from their defaults, and what is wrong with them."""
        simple = {field: self.values[field] for field in _SIMPLE if field in self.values}
        self.values = {**simple, **values}
        self.errors = errors
        self._choices_changed()

    def fill(self, repeat: Repeat) -> None:
        """Takes over what an earlier run was told; auto stands for LoRA, as in the engine."""
        self.refresh()
        told = repeat.spec.model_dump()
        self.model = library.found(self.models, told["model"])
        self.data = library.found(self.data_sets, told["data"])
        method = "lora" if told["method"] == "auto" else told["method"]
        self.values = {"method": method}
        fields = {name: info.default for name, info in FinetuneSpec.model_fields.items() if name in told}
        usual = {**fields, **self.preset_values, "model": told["model"], "data": told["data"]}
        self.values = {name: value for name, value in told.items() if value != usual[name]}
        self.values["method"] = method
        self.errors = {}
        self._name = repeat.name
        self.filled.emit()
        self._choices_changed()

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after data and method."""
        if self._name or self.data is None:
            return self._name
        return self._workspace.free_name(f"{self.data.name}-{self.method}", "model")

    @property
    def method(self) -> str:
        """The chosen method."""
        return str(self.values["method"])

    @property
    def passes(self) -> float:
        """The number of passes, set by hand or chosen by patience."""
        return float(self._value("epochs"))

    @property
    def preset(self) -> Preset | None:
        """What suits model, task and patience."""
        if self.model is None or self.data is None:
            return None
        artifact = self._workspace.store.find_artifact(self.model.id, "model")
        if artifact is None:
            return None
        facts = presets.facts_of(self._workspace.store, artifact)
        return presets.choose(facts, self.data.task, self.patience, self.method)

    @property
    def preset_values(self) -> dict[str, Any]:
        """Fields that patience fills."""
        preset = self.preset
        return preset.values() if preset is not None else {}

    @property
    def preset_text(self) -> str:
        """What was chosen, in a sentence, less what was set by hand."""
        preset = self.preset
        return preset.sentence(self.values) if preset is not None else ""

    @property
    def preset_reasons(self) -> list[str]:
        """Each chosen value with its reason."""
        preset = self.preset
        return [f"{presets.say(item)}: {item.why}" for item in preset.settings] if preset is not None else []

    @property
    def can_continue(self) -> bool:
        """Whether the model is an add-on that could learn on."""
        return self.model is not None and self.model.is_adapter

    @property
    def continues(self) -> bool:
        """Whether the add-on learns on; its own method stays then."""
        return self.can_continue and bool(self.values.get("continue_adapter"))

    @property
    def changed_fields(self) -> int:
        """How many advanced fields differ from their defaults."""
        return sum(field not in _SIMPLE for field in self.values)

    @property
    def steps(self) -> int:
        """How many steps the run will take."""
        if self.data is None:
            return 0
        batch = int(self._value("batch_size"))
        whole = math.ceil(self.data.train / batch * self.passes)
        limit = self._value("max_steps")
        return min(whole, int(limit)) if limit else whole

    # --- what follows from them ---

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if self.model is None:
            return "model"
        if self.data is None:
            return "data"
        return "method" if self.errors else "check"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if self.model is None:
            return "model"
        return self._blocker_of_the_rest()

    def command(self) -> str:
        """The command line that does the same."""
        values = self._spec_values()
        parts = [
            "finetune",
            "--model",
            self.model.name if self.model else "MODEL",
            "--data",
            self.data.name if self.data else "DATA",
            "--method",
            values["method"],
        ]
        if self.patience != presets.DEFAULT:
            parts += ["--patience", self.patience]
        for field, value in values.items():
            if field != "method":
                parts += ["--set", f"{field}={json.dumps(value) if not isinstance(value, str) else value}"]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    @Slot()
    def measure(self) -> None:
        """Queues a dry run of what would start now."""
        if self.data is not None:
            self.fit.measure(f"{self.data.name} fit"[:100])

    # --- inside ---

    def _choices_changed(self) -> None:
        self._facts.ask(self.data if self.model else None)
        self.fit.ask(self.spec())
        self.sees.spec = self._look_spec(self.model)
        self.changed.emit()

    def _spec_values(self) -> dict[str, Any]:
        """The fields of the spec; what does not go with the model is left out."""
        values = dict(self.values)
        if self.continues:
            values["method"] = "qlora" if self.method == "qlora" else "auto"
        else:
            values.pop("continue_adapter", None)
        return values

    def _value(self, field: str) -> Any:
        if field in self.values:
            return self.values[field]
        return self.preset_values.get(field, FinetuneSpec.model_fields[field].default)
