"""Spec of the job that teaches a small model what a large one knows."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from core.specs.base import Option
from core.specs.training import Method, TrainingSpec

Divergence = Literal["forward_kl", "reverse_kl", "jensen_shannon", "universal"]


class DistillSpec(TrainingSpec):
    """Teaches a small model to answer like a large one, on the task's own data."""

    kind: ClassVar[str] = "distill"
    title: ClassVar[str] = "Distill"

    model: str = Option(label="Student", help="The small model that learns.")
    data: str = Option(label="Data", help="The examples on which it learns to answer like the teacher.")
    teachers: tuple[str, ...] = Option(
        label="Teacher", help="The model whose knowledge is passed on; several teach by weight."
    )
    teacher_weights: tuple[float, ...] = Option(
        (), label="Weights", help="How much each teacher counts; empty counts all alike.", advanced=True
    )
    method: Method = Option(
        "full",
        label="Method",
        help="full changes every weight, which a cut-down student needs; LoRA learns a small add-on.",
    )
    divergence: Divergence = Option(
        "forward_kl",
        label="Divergence",
        help="forward_kl covers all that the teacher finds possible; reverse_kl keeps to its favourites; "
        "jensen_shannon stands between; universal compares by rank, for a teacher with another tokenizer.",
        advanced=True,
    )
    temperature: float = Option(
        2.0,
        label="Temperature",
        help="Higher shows the student more of what the teacher finds nearly right.",
        advanced=True,
        gt=0,
        le=20,
    )
    label_weight: float = Option(
        0.2,
        label="Weight of the labels",
        help="Share of the loss that is the right answers themselves; the rest is the teacher.",
        advanced=True,
        ge=0,
        le=1,
    )
    top_k: int = Option(
        48,
        label="Kept per token",
        help="How many of the teacher's likeliest tokens are kept; all others are kept as one sum.",
        unit="tokens",
        advanced=True,
        ge=1,
        le=63,
    )
    on_policy: float = Option(
        0.0,
        label="Own answers",
        help="Share of the steps, the last ones, in which the student answers itself and the teacher judges "
        "each token; the teacher is in memory meanwhile.",
        advanced=True,
        ge=0,
        le=1,
    )

    hidden_weight: float = Option(
        0.0,
        label="Weight of the states",
        help="Adds to the loss how far the student's hidden states are from the teacher's at the answers' "
        "tokens, layer by layer; both must be equally wide, and the teacher is in memory meanwhile.",
        advanced=True,
        ge=0,
        le=100,
    )
    attention_weight: float = Option(
        0.0,
        label="Weight of attention",
        help="Adds to the loss how differently the two relate a row's tokens in their last layer; any width "
        "and number of heads will do, and the teacher is in memory meanwhile.",
        advanced=True,
        ge=0,
        le=100,
    )

    @model_validator(mode="after")
    def _together(self) -> DistillSpec:
        if not self.teachers:
            raise ValueError("choose at least one teacher")
        if self.teacher_weights and len(self.teacher_weights) != len(self.teachers):
            raise ValueError("give one weight a teacher")
        if any(weight <= 0 for weight in self.teacher_weights):
            raise ValueError("a teacher's weight must be above 0")
        if len(self.teachers) > 1 and (self.hidden_weight or self.attention_weight):
            raise ValueError("hidden_weight and attention_weight work with one teacher")
        if self.model in self.teachers:
            raise ValueError("a model cannot be its own teacher, but one that is cut from it can learn of it")
        return self

    def inputs(self) -> tuple[str, ...]:
        """The student, the data and the teachers."""
        return (self.model, self.data, *self.teachers)
