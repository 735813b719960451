"""Spec of the job that measures models."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec


class EvaluateSpec(Spec):
    """Measures models on rows that none of them has learnt from."""

    kind: ClassVar[str] = "evaluate"
    title: ClassVar[str] = "Evaluate"

    models: tuple[str, ...] = Option(
        label="Models", help="The models to compare; `M:A` is the adapter A that the exported model M serves."
    )
    data: str = Option(label="Data", help="The data whose rows are answered.")
    split: Literal["test", "validation"] = Option(
        "test",
        label="Rows",
        help="Test rows give the final figure; validation rows are for choosing.",
        advanced=True,
    )
    limit: int | None = Option(
        None,
        label="Row limit",
        help="Answers only so many rows, spread evenly; empty takes all.",
        unit="rows",
        advanced=True,
        ge=1,
    )
    max_new_tokens: int = Option(
        16, label="Longest answer", help="An answer is cut here.", unit="tokens", advanced=True, ge=1, le=4096
    )
    batch_size: int = Option(
        32, label="Batch", help="Rows answered at once.", unit="rows", advanced=True, ge=1, le=256
    )
    latency_prompts: int = Option(
        20,
        label="Timed prompts",
        help="Rows answered one by one to measure time.",
        unit="rows",
        advanced=True,
        ge=1,
        le=1000,
    )
    repeats: int = Option(
        2,
        label="Timed passes",
        help="How often each timed row is answered; how much the passes differ says how sure the times are.",
        advanced=True,
        ge=1,
        le=50,
    )
    warm_up: int = Option(
        1,
        label="Warm-up",
        help="So many of the timed rows are answered once before their time counts.",
        unit="rows",
        advanced=True,
        ge=0,
        le=100,
    )
    general: bool = Option(
        False,
        label="General check",
        help="Also asks general questions and reads plain text, to see what a model has forgotten.",
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @field_validator("models")
    @classmethod
    def _some(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        if not models:
            raise ValueError("choose at least one model")
        return models

    def inputs(self) -> tuple[str, ...]:
        """The models and the data."""
        return (*dict.fromkeys(model.partition(":")[0] for model in self.models), self.data)
