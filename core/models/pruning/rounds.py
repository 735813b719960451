"""A large cut as several smaller ones, after each of which the model learns again.

What loses a third of its layers at a time and learns in between ends better than what loses all at once
(Muralidharan et al. 2024, Minitron).
"""

from __future__ import annotations

from typing import Any

from core.models.pruning.budget import BLOCK
from core.models.pruning.sizes import Cut

MOST_ROUNDS = 4


def between(whole: Cut, wished: Cut, rounds: int) -> list[Cut]:
    """What stays after each round: about the same share each time, and at the end what is wished.

    Tokens go in the first round: losing those that the data does not use costs nothing. A round in which
    nothing would go is left out, so there may be fewer.

    Args:
        whole: What there is.
        wished: What is to stay at the end.
        rounds: How many, at most.
    """
    found: list[Cut] = []
    before = whole
    for number in range(1, rounds + 1):
        share = number / rounds
        layers = round(whole.layers * (wished.layers / whole.layers) ** share)
        neurons = whole.neurons * (wished.neurons / whole.neurons) ** share
        cut = Cut(
            min(before.layers, max(wished.layers, layers)),
            min(before.neurons, max(wished.neurons, -(-int(neurons) // BLOCK) * BLOCK)),
            wished.tokens,
        )
        if number == rounds:
            cut = wished
        if cut != before:
            found.append(cut)
            before = cut
    return found


def settings(before: Cut, after: Cut) -> dict[str, Any]:
    """Fields of a `PruneSpec` that lead from one to the other."""
    found: dict[str, Any] = {}
    if after.tokens < before.tokens:
        found["vocabulary"] = "data"
    if after.layers < before.layers:
        found["keep_layers"] = after.layers
    if after.neurons < before.neurons:
        # In the middle of a block, so that no rounding loses one.
        found["ffn_share"] = (after.neurons + min(BLOCK, before.neurons - after.neurons) / 2) / before.neurons
    return found
