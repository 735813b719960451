"""Spec of the job that measures models."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec
from core.specs.generate import GenerateSpec

_MARK_TOKENS = 32  # a digit, and room for a judge that says a few words before it


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
    judge: str | None = Option(
        None,
        label="Judge",
        help="A model or endpoint that rates the answers from 1 to 5; empty rates none.",
    )
    rubric: str = Option(
        "", label="Rubric", help="What the judge looks at; empty takes the usual one.", advanced=True
    )
    judge_rows: int | None = Option(
        100,
        label="Rated rows",
        help="So many rows are rated, spread evenly; empty rates all.",
        unit="rows",
        advanced=True,
        ge=1,
    )
    harness: str | None = Option(
        None,
        label="Harness tasks",
        help="A folder of tasks of lm-evaluation-harness that each model is asked too; data asks the data's "
        "own rows that way. Needs the extra harness.",
        advanced=True,
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
        """The models, the data and the judge."""
        models = [model.partition(":")[0] for model in self.models]
        return tuple(dict.fromkeys((*models, self.data, *([self.judge] if self.judge else []))))

    def may_be_remote(self) -> tuple[str, ...]:
        """The judge, unless it is measured too."""
        return (self.judge,) if self.judge and self.judge not in self.models else ()

    def judging(self) -> GenerateSpec:
        """How the judge is asked: as a teacher that writes a mark."""
        assert self.judge is not None
        return GenerateSpec(
            teacher=self.judge,
            data=self.data,
            temperature=0.0,
            max_new_tokens=_MARK_TOKENS,
            seed=self.seed,
            threads=self.threads,
        )
