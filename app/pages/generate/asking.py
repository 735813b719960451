"""How a teacher is asked: as chosen, and otherwise as it follows from what it has learnt and the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from app.models import library
from app.models.library import DataItem, ModelItem
from core.data.generating.presets import preset_of
from core.offers import asking
from core.specs.data import Task
from core.specs.generate import PresetChoice, PromptSource
from core.workspace.workspace import Workspace

TASKS: tuple[PresetChoice, ...] = get_args(PresetChoice)
_OF_DOCUMENTS: tuple[PresetChoice, ...] = ("auto", "question_answering", "summarization")
_OF_ENDPOINTS = ("concurrency", "requests_per_minute", "timeout_s")


@dataclass(frozen=True)
class Asking:
    """What was chosen, and what comes of it.

    Attributes:
        workspace: Where everything is.
        teacher: Who answers.
        data: What is asked.
        data_sets: What answers can be like.
        values: Fields of the form that differ from their defaults.
        chosen_source: Where the questions come from, as chosen.
        chosen_task: What the teacher is told to do, as chosen.
        chosen_like: Data that answers are like, as chosen; None where nobody chose, an empty text for none.
        known: What follows from what a teacher has learnt, by what decides it; looked up once.
    """

    workspace: Workspace
    teacher: ModelItem | None
    data: DataItem | None
    data_sets: Sequence[DataItem]
    values: Mapping[str, Any]
    chosen_source: PromptSource
    chosen_task: PresetChoice
    chosen_like: str | None
    known: dict[tuple[str, ...], dict[str, Any]] = field(repr=False)

    @property
    def holds_documents(self) -> bool:
        """Whether the data is plain text without questions."""
        return self.data is not None and self.data.task == "pretraining"

    @property
    def source(self) -> PromptSource:
        """Where the questions come from: as chosen, or what the data allows."""
        if self.data is None:
            return self.chosen_source
        if self.holds_documents:
            return "documents"
        return "prompts" if self.chosen_source == "documents" else self.chosen_source

    @property
    def followable(self) -> list[DataItem]:
        """What the answers to questions can be like; nothing where the data has answers of its own."""
        if self.data is None or self.data.has_answers or self.source != "prompts":
            return []
        return [item for item in self.data_sets if item.has_answers and item.task != "pretraining"]

    @property
    def like(self) -> DataItem | None:
        """What they are to be like: as chosen, or what the teacher has learnt from."""
        chosen = self._follows().get("like") if self.chosen_like is None else self.chosen_like
        return library.found(self.followable, chosen) if chosen else None

    @property
    def as_learnt(self) -> bool:
        """Whether the teacher learnt this very task, and so is asked without a line before."""
        return bool(self._follows().get("as_learnt"))

    def _follows(self) -> dict[str, Any]:
        """What follows from what the teacher has learnt, looked up once for the same choices."""
        if self.teacher is None or self.data is None:
            return {}
        system = str(self.values.get("system", "")).strip()
        chosen = {"source": self.source, "task": self.task} | ({"system": system} if system else {})
        if self.chosen_like is not None:
            chosen["like"] = self.chosen_like
        key = (self.teacher.id, self.data.id, *chosen, *chosen.values())
        if key not in self.known:
            teacher = self.workspace.artifact(self.teacher.id, "model")
            data = self.workspace.artifact(self.data.id, "dataset")
            self.known[key] = asking(self.workspace, teacher, data, chosen)
        return self.known[key]

    @property
    def tasks(self) -> tuple[PresetChoice, ...]:
        """What the teacher can be told to do with this data."""
        if self.holds_documents:
            return _OF_DOCUMENTS
        followed = (
            self.like if self.chosen_like else self.data
        )  # what follows by itself, only where none is chosen
        has_labels = followed is None or not followed.has_answers or followed.labels > 0
        return tuple(task for task in TASKS if has_labels or task != "classification")

    @property
    def task(self) -> PresetChoice:
        """What the teacher is told to do: as chosen, or what the data teaches."""
        return self.chosen_task if self.chosen_task in self.tasks else "auto"

    @property
    def preset(self) -> str:
        """What the teacher will do; of `auto`, what that comes to."""
        if self.task != "auto" or self.data is None:
            return self.task
        like = cast("Task", self.like.task) if self.like is not None else None
        return preset_of(self.task, cast("Task", self.data.task), like)

    def is_idle(self, field: str) -> bool:
        """Whether a field means nothing with the other choices, so that it is left at its default."""
        is_far = self.teacher is not None and self.teacher.is_endpoint
        idle = {
            "turns": self.preset != "conversation",
            "examples": self.source != "seeds",
            "chunk_characters": self.source != "documents",
            "check_label": self.source != "prompts" or (self.data is not None and not self.data.has_answers),
            "valid_json": self.preset != "extraction",
            "rubric": self.values.get("judge_at_least") is None,
            "agreement": int(self.values.get("answers_per_prompt", 1)) < 2
            or self.source == "documents"
            or self.preset == "conversation",
            "with_rows": self.source != "seeds" and self.like is None,
            "budget": not (is_far and self.teacher is not None and self.teacher.has_prices),
            **dict.fromkeys(_OF_ENDPOINTS, not is_far),
        }
        return idle.get(field, False)
