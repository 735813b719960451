"""From a wish to numbers of layers and neurons: as it is said, or as many as fit a size."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import InputError
from core.models.pruning.sizes import Cut, Sizes
from core.specs import PruneSpec

MB = 1_000_000
#: Quantizing puts so many weights under one scale, so neurons go in such blocks.
BLOCK = 32
_LEAST_SHARE = 0.1


def plan(spec: PruneSpec, sizes: Sizes, tokens: int, name: str) -> Cut:
    """How much stays, as the spec says it or as its target size asks for.

    With a target time it is the least that may stay: how much does is measured when the run is at work.

    Args:
        spec: What is wished.
        sizes: Of the model.
        tokens: How many tokens stay.
        name: The model's name, for a refusal.

    Raises:
        InputError: There is less than is to be kept, or nothing would be left out.
    """
    whole = sizes.whole
    if spec.target_ms is not None:
        return smallest(sizes, tokens)
    if spec.target_mb is not None:
        cut = fit(sizes, spec.target_mb, tokens)
    else:
        layers = spec.keep_layers or whole.layers
        cut = Cut(layers, share_of(whole.neurons, spec.ffn_share), tokens)
    if cut.layers > whole.layers:
        raise InputError(
            f"{cut.layers} layers of {name} cannot be kept.",
            why=f"It has {whole.layers}.",
            fix=f"Set keep_layers to {whole.layers - 1} or less.",
            code="prune.layers",
        )
    if (cut.layers, cut.neurons) == (whole.layers, whole.neurons) and spec.vocabulary == "whole":
        raise nothing_goes(sizes, name)
    return cut


def nothing_goes(sizes: Sizes, name: str) -> InputError:
    """The refusal of a wish that leaves all of a model."""
    whole = sizes.whole
    return InputError(
        f"Nothing of {name} would be left out.",
        why=f"It has {whole.layers} layers of {whole.neurons} neurons, which go in steps of {BLOCK}, and "
        f"{sizes.bytes(whole) / MB:.1f} MB at one byte a number.",
        fix="Keep fewer layers, a smaller share of the neurons, or set a smaller target.",
        code="prune.nothing",
    )


def share_of(width: int, share: float) -> int:
    """So many neurons as a share of `width` is, in whole blocks and at least one."""
    if share >= 1:
        return width
    return min(width, max(BLOCK, int(width * share) // BLOCK * BLOCK))


def smallest(sizes: Sizes, tokens: int) -> Cut:
    """What the smallest target leaves: half of the layers, a tenth of the neurons."""
    whole = sizes.whole
    layers = min(whole.layers, max(2, -(-whole.layers // 2)))
    neurons = max(BLOCK, -(-int(whole.neurons * _LEAST_SHARE) // BLOCK) * BLOCK)
    return Cut(layers, min(neurons, whole.neurons), tokens)


def largest(sizes: Sizes, tokens: int) -> Cut:
    """What the largest target leaves that lets a layer go, or neurons where no layer can; or tokens only."""
    whole, least = sizes.whole, smallest(sizes, tokens)
    if tokens < whole.tokens:
        return Cut(whole.layers, whole.neurons, tokens)
    if whole.layers > least.layers:
        return Cut(whole.layers - 1, whole.neurons, tokens)
    return Cut(whole.layers, max(least.neurons, (whole.neurons - 1) // BLOCK * BLOCK), tokens)


def first(sizes: Sizes, tokens: int, fits: Callable[[Cut], bool]) -> Cut | None:
    """The largest cut that fits: layers go first, to half of them, then neurons. None where none does."""
    whole, least = sizes.whole, smallest(sizes, tokens)
    for layers in range(whole.layers, least.layers - 1, -1):
        cut = Cut(layers, whole.neurons, tokens)
        if fits(cut):
            return cut
    for neurons in range((whole.neurons - 1) // BLOCK * BLOCK, least.neurons - 1, -BLOCK):
        cut = Cut(least.layers, neurons, tokens)
        if fits(cut):
            return cut
    return None


def fit(sizes: Sizes, target_mb: float, tokens: int) -> Cut:
    """Layers and neurons that fit: layers go first, down to half of them, then neurons.

    Fewer layers save more time than narrower ones, but beyond half a model no longer recovers (Minitron).

    Raises:
        InputError: Even the smallest is too large.
    """
    found = first(sizes, tokens, lambda cut: sizes.bytes(cut) <= target_mb * MB)
    if found is not None:
        return found
    least = smallest(sizes, tokens)
    ways = "" if tokens < sizes.whole.tokens else "keep only the data's tokens (vocabulary=data), "
    raise InputError(
        f"The model cannot be cut down to {target_mb:g} MB.",
        why=f"With half of its layers and a tenth of their neurons it still has "
        f"{sizes.bytes(least) / MB:.1f} MB; {sizes.bytes(Cut(0, 0, tokens)) / MB:.1f} MB of it are tokens.",
        fix=f"Set a larger target, {ways}or choose a smaller model.",
        code="prune.target",
    )
