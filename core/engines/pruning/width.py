"""Width: the feed-forward neurons that are least active are left out of every layer.

Activity is the mean absolute value of act(gate) · up, Minitron (Muralidharan et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Activity:
    """Watches what the down projections are given while rows go through the model.

    Args:
        layers: The layers, in order.
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        self._sums: list[Tensor] = [
            torch.zeros(layer.mlp.down_proj.in_features, dtype=torch.float64) for layer in layers
        ]
        self._hooks = [
            layer.mlp.down_proj.register_forward_pre_hook(self._watch(at)) for at, layer in enumerate(layers)
        ]

    def _watch(self, at: int) -> Any:
        def see(_projection: Any, args: tuple[Tensor, ...]) -> None:
            self._sums[at] += args[0].flatten(0, -2).abs().sum(0, dtype=torch.float64)

        return see

    @property
    def sums(self) -> list[Tensor]:
        """What was seen so far: each layer's sums over the tokens."""
        return self._sums

    def take(self, sums: Sequence[Tensor]) -> None:
        """Goes on from sums of an earlier time."""
        self._sums = list(sums)

    def close(self) -> list[Tensor]:
        """Stops watching. Returns each layer's sums over the tokens, one for each neuron."""
        for hook in self._hooks:
            hook.remove()
        return self._sums


def choose(activity: Sequence[Tensor], width: int) -> list[list[int]]:
    """The `width` most active neurons of every layer, in the order they have."""
    return [
        sorted(torch.sort(sums, descending=True, stable=True).indices[:width].tolist()) for sums in activity
    ]


def cut(model: Any, kept: Sequence[Sequence[int]]) -> None:
    """Leaves only these neurons: rows of gate and up, columns of down."""
    for layer, neurons in zip(model.model.layers, kept, strict=True):
        chosen = torch.tensor(neurons)
        for projection in (layer.mlp.gate_proj, layer.mlp.up_proj):
            projection.weight = _parameter(projection.weight.index_select(0, chosen))
            if projection.bias is not None:
                projection.bias = _parameter(projection.bias.index_select(0, chosen))
            projection.out_features = len(neurons)
        down = layer.mlp.down_proj
        down.weight = _parameter(down.weight.index_select(1, chosen))
        down.in_features = len(neurons)
        if hasattr(layer.mlp, "intermediate_size"):
            layer.mlp.intermediate_size = len(neurons)
    model.config.intermediate_size = len(kept[0])


def _parameter(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().clone(), requires_grad=False)
