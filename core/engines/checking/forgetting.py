"""How far a cut model is from the one that it was cut from: what it forgot it has to learn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.engines.checking import fresh
from core.engines.checking.behaviour import AMBER_KL
from core.engines.checking.check import Check
from core.models import records

#: Of so many rows the last tokens are compared, among which an answer is; 256 in all.
_ROWS, _TOKENS = 16, 16


@dataclass(frozen=True)
class Forgotten:
    """A cut model beside the one that it was cut from, on rows of the data.

    Attributes:
        agreement: Share of tokens after which both expect the same one.
        kl: Mean divergence in nats a token.
    """

    agreement: float
    kl: float

    @property
    def is_amber(self) -> bool:
        """Whether it says something else by now."""
        return not self.kl <= AMBER_KL

    @property
    def figures(self) -> dict[str, float | bool]:
        """As a run's result holds them."""
        return {"agreement": self.agreement, "kl": self.kl, "untaught": self.is_amber}

    @property
    def check(self) -> Check:
        """For the receipt; amber forbids nothing."""
        if not self.is_amber:
            text = f"Says what the model that it was cut from says: {self._words}"
            return Check(name=records.TAUGHT, status="green", text=text)
        text = (
            f"Cut, not taught yet: its files are sound, but beside the model that it was cut from, "
            f"{self._words}; teach it before use (distill or fine-tune)"
        )
        return Check(name=records.TAUGHT, status="amber", text=text)

    @property
    def _words(self) -> str:
        return f"likeliest token equal in {self.agreement:.0%}, KL {self.kl:.2f} nats a token"


def listen(
    model: Any, rows: Sequence[Sequence[int]], tokens: Sequence[int] | None = None
) -> list[NDArray[np.float16]]:
    """Log-probabilities after the last tokens of the first rows.

    Args:
        model: A causal language model.
        rows: Token ids, as it reads them.
        tokens: The tokens of its vocabulary that count, in the order of the other model's; all when None.

    Returns:
        Of each row (tokens, vocabulary).
    """
    found = []
    for ids in rows[:_ROWS]:
        with torch.no_grad():
            read = torch.tensor([list(ids)])
            logits = model(input_ids=read, use_cache=False, logits_to_keep=_TOKENS).logits[0].float()
        if tokens is not None:
            logits = logits[:, list(tokens)]
        found.append(torch.log_softmax(logits, dim=-1).numpy().astype(np.float16))
    return found


def compare(cut: Sequence[NDArray[Any]], whole: Sequence[NDArray[Any]]) -> Forgotten:
    """What both said to the same rows, side by side."""
    return Forgotten(*fresh.nearness(zip(cut, whole, strict=True)))
