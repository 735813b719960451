"""Rules of the page on which a search is set up: what is searched, between which values, how long."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from PySide6.QtCore import QObject, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import DataItem, ModelItem
from app.pages.wizard_view_model import WizardViewModel
from core.specs import FinetuneSpec, SearchSpec
from core.specs.search import (
    SEARCHABLE,
    Range,
    parse_range,
    problem_of,
    range_text,
    usual_fields,
    usual_range,
)

Blocker = Literal["", "model", "data", "no_validation", "fields", "ranges", "settings", "name", "name_taken"]


@dataclass(frozen=True)
class FieldChoice:
    """One setting that may be searched.

    Attributes:
        field: Its name in the spec.
        is_searched: Whether it is tried out.
        text: The values to try, as typed.
        problem: What is wrong with them.
    """

    field: str
    is_searched: bool
    text: str
    problem: str = ""


class SearchViewModel(WizardViewModel):
    """Edits a `SearchSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    kind = SearchSpec.kind

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.models: list[ModelItem] = []
        self.data_sets: list[DataItem] = []
        self.model: ModelItem | None = None
        self.data: DataItem | None = None
        self.settings: dict[str, Any] = {"method": "lora"}
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.fields: dict[str, FieldChoice] = {}
        self._fill_fields()
        bridge.run_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps what still exists; a single candidate is chosen."""
        self.models = [item for item in library.models(self._workspace) if item.is_trainable]
        self.data_sets = library.data_sets(self._workspace)
        self.model = library.kept(self.models, self.model)
        self.data = library.kept(self.data_sets, self.data)
        self.changed.emit()

    def take(self, spec: FinetuneSpec) -> None:
        """Begins from a fine-tuning: its settings are shared by all trials unless they are searched."""
        self.choose_model(spec.model)
        self.choose_data(spec.data)
        defaults = FinetuneSpec.model_fields
        changed = spec.model_dump(exclude={"model", "data", "threads"})
        self.settings = {name: value for name, value in changed.items() if value != defaults[name].default}
        self.settings["method"] = "lora" if spec.method == "auto" else spec.method
        self._fill_fields()
        self.changed.emit()

    @Slot(str)
    def choose_model(self, artifact_id: str) -> None:
        """Takes a model of the list."""
        self.model = library.found(self.models, artifact_id)
        self.changed.emit()

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list."""
        self.data = library.found(self.data_sets, artifact_id)
        self.changed.emit()

    @Slot(str, bool, str)
    def set_field(self, field: str, is_searched: bool, text: str) -> None:
        """Searches a setting in these values, or leaves it as it is."""
        problem = self._problem(field, text) if is_searched else ""
        self.fields[field] = FieldChoice(field, is_searched, text, problem)
        self.changed.emit()

    def set_values(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """How to search: the spec's own fields that differ from their defaults."""
        self.values, self.errors = values, errors
        self.changed.emit()

    @property
    def method(self) -> str:
        """The method that all trials share."""
        return str(self.settings["method"])

    @property
    def shared(self) -> dict[str, Any]:
        """What every trial is set to."""
        searched = {choice.field for choice in self.fields.values() if choice.is_searched}
        return {name: value for name, value in self.settings.items() if name not in searched}

    @property
    def name(self) -> str:
        """How the report will be called."""
        if self._name or self.data is None:
            return self._name
        return self._workspace.free_name(f"{self.data.name}-search", "report")

    @property
    def blocker(self) -> Blocker:
        """What keeps the search from starting, or an empty text."""
        if self.model is None:
            return "model"
        if self.data is None:
            return "data"
        if not self.data.validation:
            return "no_validation"
        searched = [choice for choice in self.fields.values() if choice.is_searched]
        if not searched:
            return "fields"
        if any(choice.problem for choice in searched):
            return "ranges"
        if self.errors or self.spec() is None:
            return "settings"
        return self._name_blocker()

    def spec(self) -> SearchSpec | None:
        """The search as it is set now; None while it is not possible."""
        if self.model is None or self.data is None:
            return None
        try:
            fields = {
                choice.field: parse_range(choice.field, choice.text)
                for choice in self.fields.values()
                if choice.is_searched
            }
            return SearchSpec(
                model=self.model.id, data=self.data.id, settings=self.shared, fields=fields, **self.values
            )
        except (ValueError, ValidationError):
            return None

    @property
    def trials(self) -> int:
        """How many trials there are at most; 0 while that is not known."""
        spec = self.spec()
        return spec.planned_trials if spec is not None else 0

    @property
    def minutes(self) -> float | None:
        """The time budget."""
        return self.values.get("minutes", SearchSpec.model_fields["minutes"].default)

    def command(self) -> str:
        """The command line that does the same."""
        parts = ["search", "finetune"]
        parts += ["--model", self.model.name if self.model else "MODEL"]
        parts += ["--data", self.data.name if self.data else "DATA", "--method", self.method]
        for name in ("sampler", "pruner", "trials", "seed"):
            if name in self.values:
                parts += [f"--{name}", str(self.values[name])]
        parts += ["--minutes", "none" if self.minutes is None else f"{self.minutes:g}"]
        spec = self.spec()
        for field, span in (spec.fields if spec else {}).items():
            parts += ["--search", f"{field}={range_text(span)}"]
        for field, value in self.shared.items():
            if field != "method":
                parts += ["--set", f"{field}={value if isinstance(value, str) else json.dumps(value)}"]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    @Slot()
    def start(self) -> None:
        """Queues the search; does nothing while something blocks it."""
        spec = self.spec()
        if not self.blocker and spec is not None:
            self._queue(spec)

    def _fill_fields(self) -> None:
        usual = usual_fields(self.method)
        self.fields = {}
        for field in SEARCHABLE:
            span: Range = usual.get(field) or usual_range(field, self.method)
            if not problem_of(field, span, self.method):  # the method has this setting
                self.fields[field] = FieldChoice(field, field in usual, range_text(span, " – "))

    def _problem(self, field: str, text: str) -> str:
        try:
            return problem_of(field, parse_range(field, text), self.method)
        except ValueError:
            return "numbers"
