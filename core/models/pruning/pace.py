"""How long an answer of a cut model takes, from the times of a few sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.models.pruning import budget
from core.models.pruning.sizes import Cut, Sizes


@dataclass(frozen=True)
class Pace:
    """Milliseconds of an answer, linear in layers and in their neurons.

    Attributes:
        rest: Outside the layers: the tokens, the runtime.
        layer: A layer without its neurons.
        neuron: One neuron of one layer.
    """

    rest: float
    layer: float
    neuron: float

    @classmethod
    def through(cls, times: Sequence[tuple[Cut, float]]) -> Pace:
        """From three times: the whole, fewer layers, and as few layers with fewer neurons.

        What chance makes negative counts as nothing.
        """
        (whole, all_ms), (fewer, fewer_ms), (narrow, narrow_ms) = times
        neuron = max(0.0, (fewer_ms - narrow_ms) / (fewer.layers * max(1, fewer.neurons - narrow.neurons)))
        each = max(0.0, (all_ms - fewer_ms) / max(1, whole.layers - fewer.layers))
        neuron = min(neuron, each / whole.neurons)
        layer = each - neuron * whole.neurons
        return cls(max(0.0, all_ms - each * whole.layers), layer, neuron)

    def answer_ms(self, cut: Cut) -> float:
        """How long an answer of such a model takes."""
        return self.rest + cut.layers * (self.layer + cut.neurons * self.neuron)


def probes(sizes: Sizes, tokens: int) -> tuple[Cut, Cut, Cut]:
    """The sizes that are timed: between them lies what a target can ask for."""
    whole, least = sizes.whole, budget.smallest(sizes, tokens)
    return (
        Cut(whole.layers, whole.neurons, tokens),
        Cut(least.layers, whole.neurons, tokens),
        Cut(least.layers, least.neurons, tokens),
    )


def fit(pace: Pace, sizes: Sizes, target_ms: float, tokens: int) -> Cut:
    """Layers and neurons whose answer is in time: layers go first, down to half of them, then neurons.

    Raises:
        InputError: Even the smallest takes too long.
    """
    found = budget.first(sizes, tokens, lambda cut: pace.answer_ms(cut) <= target_ms)
    if found is None:
        least = pace.answer_ms(budget.smallest(sizes, tokens))
        raise InputError(
            f"The model cannot be cut down to {target_ms:g} ms an answer.",
            why="With half of its layers and a tenth of their neurons an answer still takes about "
            f"{least:.3g} ms on this computer.",
            fix="Set a longer time, or choose a smaller model.",
            code="prune.target",
        )
    return found


def in_time(name: str, answer_ms: float, target_ms: float) -> InputError:
    """The refusal where nothing has to go."""
    return InputError(
        f"Nothing of {name} has to be left out.",
        why=f"An answer takes {answer_ms:.3g} ms in int8 on this computer; {target_ms:g} ms were asked for.",
        fix="Quantize it as it is, or set a shorter time.",
        code="prune.nothing",
    )
