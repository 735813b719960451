"""Spec of the job that cuts a smaller student out of a model."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec

Vocabulary = Literal["whole", "data"]


class PruneSpec(Spec):
    """Cuts a smaller model out of a model: fewer layers, narrower ones, or fewer tokens.

    Without layers or neurons it answers worse until it has learnt again, by `distill` or `finetune`; without
    tokens that the data does not use it answers as before. Weights are not set to zero one by one, nor two of
    four: this program runs models with ONNX Runtime on the processor, which computes with a zero as with any
    other number, so that zeros would make a model neither smaller nor faster. Whole parts do.
    """

    kind: ClassVar[str] = "prune"
    title: ClassVar[str] = "Prune"

    model: str = Option(
        label="Model", help="The model to cut from; it stays as it is, and an adapter is merged first."
    )
    data: str = Option(
        label="Data", help="The rows whose use of the model decides what is kept; test rows are never read."
    )
    keep_layers: int | None = Option(
        None,
        label="Layers kept",
        help="The layers that change least are left out, never the first or the last; empty keeps all.",
        unit="layers",
        ge=2,
        le=1024,
    )
    ffn_share: float = Option(
        1.0,
        label="Neurons kept",
        help="Share of each layer's feed-forward neurons that stays, the busiest ones, in steps of 32.",
        ge=0.1,
        le=1.0,
    )
    vocabulary: Vocabulary = Option(
        "whole",
        label="Vocabulary",
        help="data keeps only the tokens that the data needs; any other text is then read in smaller pieces.",
    )
    target_mb: float | None = Option(
        None,
        label="Target size",
        help="Instead of the two above: layers go, at most half of them, then neurons, until the numbers fit "
        "at one byte each, as in int8 (four for a token table that only reads); with scales and tokenizer "
        "the int8 files are about a fifth larger.",
        unit="MB",
        gt=0,
        le=1_000_000,
    )
    target_ms: float | None = Option(
        None,
        label="Target time",
        help="Instead of a size: as much goes until an answer of the data's usual length takes so long in "
        "int8 on this computer, which is measured first (a minute or two).",
        unit="ms",
        gt=0,
        le=1_000_000,
    )
    calibration_rows: int = Option(
        128,
        label="Rows to measure",
        help="Training rows on which layers and neurons are measured.",
        unit="rows",
        advanced=True,
        ge=1,
        le=100_000,
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @model_validator(mode="after")
    def _something_goes(self) -> Self:
        sizes = self.keep_layers is not None or self.ffn_share < 1
        targets = {"target_mb": self.target_mb, "target_ms": self.target_ms}
        set_ones = [name for name, value in targets.items() if value is not None]
        if set_ones and sizes:
            raise ValueError(
                f"{set_ones[0]} chooses layers and neurons by itself; set either it or the sizes"
            )
        if len(set_ones) > 1:
            raise ValueError("target_mb and target_ms each choose the sizes; set one of them")
        if not sizes and not set_ones and self.vocabulary == "whole":
            raise ValueError("nothing is left out; set keep_layers, ffn_share, vocabulary or a target")
        return self

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return (self.model, self.data)

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
