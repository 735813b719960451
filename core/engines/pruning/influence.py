"""Depth: the layers that change least what passes through them are left out.

Block influence, ShortGPT (Men et al. 2024): one minus the cosine similarity of a layer's input and output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Settings that hold one entry for each layer.
_PER_LAYER = ("layer_types", "mlp_layer_types", "no_rope_layers")


class Influence:
    """Watches layers while rows go through the model.

    Args:
        layers: The layers, in order.
    """

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        self._changes = [0.0] * len(layers)
        self._tokens = [0] * len(layers)
        self._hooks = [
            layer.register_forward_hook(self._watch(at), with_kwargs=True) for at, layer in enumerate(layers)
        ]

    def _watch(self, at: int) -> Any:
        def see(_layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            before = args[0] if args else kwargs["hidden_states"]
            after = output if isinstance(output, Tensor) else output[0]
            alike = functional.cosine_similarity(before.double(), after.double(), dim=-1)  # (1, T)
            self._changes[at] += float((1 - alike).sum())
            self._tokens[at] += alike.numel()

        return see

    @property
    def sums(self) -> tuple[Tensor, Tensor]:
        """What was seen so far: changes and tokens of each layer."""
        return torch.tensor(self._changes, dtype=torch.float64), torch.tensor(self._tokens)

    def take(self, changes: Tensor, tokens: Tensor) -> None:
        """Goes on from sums of an earlier time."""
        self._changes, self._tokens = changes.tolist(), tokens.tolist()

    def close(self) -> list[float]:
        """Stops watching. Returns each layer's mean over the tokens, from 0 (does nothing) to 2."""
        for hook in self._hooks:
            hook.remove()
        return [
            max(0.0, change / max(1, tokens))
            for change, tokens in zip(self._changes, self._tokens, strict=True)
        ]


def choose(influence: Sequence[float], keep: int) -> list[int]:
    """Which layers stay, in order: the first, the last, and those of the largest influence.

    Args:
        influence: Of each layer.
        keep: How many stay, at least two.
    """
    last = len(influence) - 1
    inner = sorted(range(1, last), key=lambda at: (-influence[at], at))
    return sorted({0, last, *inner[: keep - 2]})


def cut(model: Any, kept: Sequence[int]) -> None:
    """Leaves only these layers, numbered anew: by its number a layer finds its part of the cache."""
    layers = model.model.layers
    model.model.layers = nn.ModuleList([layers[at] for at in kept])
    for number, layer in enumerate(model.model.layers):
        for part in layer.modules():
            if hasattr(part, "layer_idx"):
                part.layer_idx = number
    cut_settings(model.config, kept)
    model.config.num_hidden_layers = len(kept)


def cut_settings(config: Any, kept: Sequence[int]) -> None:
    """Leaves only these layers' entries of what is set for each layer."""
    for name in _PER_LAYER:
        entries = getattr(config, name, None)
        if isinstance(entries, list):
            setattr(config, name, [entries[at] for at in kept])
