"""From a size to numbers of layers and neurons that fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.engines.pruning import width
from core.errors import InputError

MB = 1_000_000
_LEAST_SHARE = 0.1
#: What int8 leaves in 32 bits: the token table of a model whose output has its own. A shared one is 8 bits.
_OWN_TABLE_BYTES = 4


@dataclass(frozen=True)
class Sizes:
    """How many bytes the parts of a model take in int8, scales apart.

    Attributes:
        layers: Layers it has.
        neurons: Feed-forward neurons of each.
        fixed: Bytes outside the layers: tokens in, tokens out, the last norm.
        layer: Bytes of a layer without its neurons.
        neuron: Bytes of one neuron.
    """

    layers: int
    neurons: int
    fixed: int
    layer: int
    neuron: int

    def bytes(self, layers: int, neurons: int) -> int:
        """Of a model with so many layers and neurons."""
        return self.fixed + layers * (self.layer + neurons * self.neuron)


def sizes_of(model: Any, layers: list[Any], vocabulary: int) -> Sizes:
    """The sizes of a model, as if it had `vocabulary` tokens."""
    neurons = int(model.config.intermediate_size)
    mlp = layers[0].mlp
    of_neurons = sum(
        parameter.numel()
        for projection in (mlp.gate_proj, mlp.up_proj)
        for parameter in projection.parameters()
    ) + int(mlp.down_proj.weight.numel())
    each = [sum(parameter.numel() for parameter in layer.parameters()) for layer in layers]
    table, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    outside = sum(parameter.numel() for parameter in model.parameters()) - sum(each)
    size = int(table.shape[1])
    own = table is not head
    fixed = outside - table.numel() * (2 if own else 1)
    fixed += vocabulary * size * (1 + _OWN_TABLE_BYTES if own else 1)
    return Sizes(len(layers), neurons, int(fixed), max(each) - of_neurons, of_neurons // neurons)


def fit(sizes: Sizes, target_mb: float) -> tuple[int, int]:
    """Layers and neurons that fit: layers go first, down to half of them, then neurons.

    Fewer layers save more time than narrower ones, but beyond half a model no longer recovers (Minitron).

    Raises:
        InputError: Nothing needs to go, or even the smallest is too large.
    """
    target = target_mb * MB
    fewest = min(sizes.layers, max(2, -(-sizes.layers // 2)))
    narrowest = max(width.BLOCK, -(-int(sizes.neurons * _LEAST_SHARE) // width.BLOCK) * width.BLOCK)
    for layers in range(sizes.layers, fewest - 1, -1):
        if sizes.bytes(layers, sizes.neurons) <= target:
            return layers, sizes.neurons
    widest = (sizes.neurons - 1) // width.BLOCK * width.BLOCK
    for neurons in range(widest, narrowest - 1, -width.BLOCK):
        if sizes.bytes(fewest, neurons) <= target:
            return fewest, neurons
    least = sizes.bytes(fewest, min(narrowest, sizes.neurons)) / MB
    raise InputError(
        f"The model cannot be cut down to {target_mb:g} MB.",
        why=f"With half of its layers and a tenth of their neurons it still has {least:.1f} MB; "
        f"{sizes.fixed / MB:.1f} MB of it are its tokens.",
        fix="Set a larger target, keep only the data's tokens (vocabulary=data), or choose a smaller model.",
        code="prune.target",
    )
