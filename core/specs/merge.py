"""Spec of the job that makes one model out of adapters."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec

How = Literal["cat", "svd", "linear", "ties", "dare_ties"]
Into = Literal["auto", "adapter", "model"]


class MergeSpec(Spec):
    """Merges an adapter into its base, or several adapters over one base into one."""

    kind: ClassVar[str] = "merge"
    title: ClassVar[str] = "Merge"

    models: tuple[str, ...] = Option(label="Adapters", help="The adapters; all of them over the same base.")
    weights: tuple[float, ...] = Option(
        (),
        label="Weights",
        help="How much of each, in their order; empty takes all of each when there is "
        "one, and equal shares when there are several.",
    )
    how: How = Option(
        "cat",
        label="How",
        help="cat keeps everything and makes a larger add-on; svd keeps its size; linear is rough; ties and "
        "dare_ties drop small changes that contradict each other.",
    )
    into: Into = Option(
        "auto",
        label="Result",
        help="adapter: one add-on; model: a whole model; auto makes a model of one adapter and an adapter "
        "of several.",
    )
    density: float = Option(
        0.5,
        label="Kept share",
        help="Share of the changes that ties and dare_ties keep.",
        advanced=True,
        gt=0,
        le=1,
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @field_validator("models")
    @classmethod
    def _some(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        if not models:
            raise ValueError("choose at least one adapter")
        if len(set(models)) < len(models):
            raise ValueError("an adapter is named twice")
        return models

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if self.weights and len(self.weights) != len(self.models):
            raise ValueError(f"there are {len(self.models)} adapters and {len(self.weights)} weights")
        return self

    def inputs(self) -> tuple[str, ...]:
        """The adapters; their base follows by itself."""
        return self.models

    @property
    def shares(self) -> tuple[float, ...]:
        """The weight of each adapter."""
        return self.weights or (1 / len(self.models),) * len(self.models)

    @property
    def makes_model(self) -> bool:
        """Whether a whole model comes out."""
        return self.into == "model" or (self.into == "auto" and len(self.models) == 1)
