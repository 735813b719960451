"""What a person asks to be left of a model, kept inside of what can be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from core.models.pruning import budget
from core.models.pruning.budget import MB
from core.models.pruning.sizes import Cut, Sizes
from core.specs import PruneSpec

Way = Literal["size", "time", "hand"]
FEWEST_LAYERS = 2
#: Without a wish so much of the layers stays: what lost a third has learnt it again (README).
_KEPT = 2 / 3
_SMALL = 10 * MB


@dataclass
class Wish:
    """To a size, to a time or by hand; None leaves a number to the proposal.

    Attributes:
        way: Which of them counts.
        target: Size in MB, at one byte a number.
        target_ms: How long an answer may take.
        kept: Layers that stay.
        share: Share of the neurons that stays.
        trims: Whether only the tokens stay that the data needs.
        rounds: In how many cuts, with learning in between.
    """

    way: Way = "size"
    target: float | None = None
    target_ms: float = 50.0
    kept: int | None = None
    share: float = 1.0
    trims: bool = False
    rounds: int = 1

    @classmethod
    def of(cls, spec: PruneSpec) -> Wish:
        """What an earlier run was told."""
        way: Way = "hand"
        if spec.target_mb is not None:
            way = "size"
        elif spec.target_ms is not None:
            way = "time"
        return cls(
            way=way,
            target=spec.target_mb,
            target_ms=spec.target_ms if spec.target_ms is not None else cls.target_ms,
            kept=spec.keep_layers if spec.keep_layers or way != "hand" else 10**9,  # empty keeps all
            share=spec.ffn_share,
            trims=spec.vocabulary == "data",
        )

    def layers(self, sizes: Sizes) -> int:
        """How many layers stay by hand."""
        wish = self.kept if self.kept is not None else _proposed(sizes)
        return min(max(wish, FEWEST_LAYERS), sizes.whole.layers)

    @property
    def percent(self) -> int:
        """How many of a hundred neurons stay by hand."""
        return round(self.share * 100)

    def limits(self, sizes: Sizes, tokens: int) -> tuple[float, float]:
        """The smallest and the largest size that can be asked for, in MB."""
        least = _megabytes(sizes, budget.smallest(sizes, tokens))
        return least, max(least, _megabytes(sizes, budget.largest(sizes, tokens)))

    def target_mb(self, sizes: Sizes, tokens: int) -> float:
        """The size asked for."""
        proposed = Cut(_proposed(sizes), sizes.whole.neurons, tokens)
        wish = self.target if self.target is not None else _megabytes(sizes, proposed)
        least, most = self.limits(sizes, tokens)
        return min(max(wish, least), most)

    def values(self, sizes: Sizes, tokens: int, *, trims: bool) -> dict[str, Any]:
        """Fields of a `PruneSpec` that differ from its defaults.

        Args:
            sizes: Of the model.
            tokens: How many tokens stay.
            trims: Whether the vocabulary is cut.
        """
        found: dict[str, Any] = {"vocabulary": "data"} if trims else {}
        if self.way == "size":
            return {**found, "target_mb": self.target_mb(sizes, tokens)}
        if self.way == "time":
            return {**found, "target_ms": self.target_ms}
        if self.layers(sizes) < sizes.whole.layers:
            found["keep_layers"] = self.layers(sizes)
        if self.percent < 100:
            found["ffn_share"] = self.share
        return found


def decimals(sizes: Sizes) -> int:
    """Digits of a size in MB that matter for a model."""
    return 1 if sizes.bytes(sizes.whole) > _SMALL else 3


def _megabytes(sizes: Sizes, cut: Cut) -> float:
    """Its size in MB, rounded up so that it fits."""
    digits = 10 ** decimals(sizes)
    return math.ceil(sizes.bytes(cut) / MB * digits) / digits


def _proposed(sizes: Sizes) -> int:
    return max(FEWEST_LAYERS, round(sizes.whole.layers * _KEPT))
