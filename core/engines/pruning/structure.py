"""The layers of a loaded model; whether it has the parts that are cut, its files have said before."""

from __future__ import annotations

from typing import Any

from torch import nn

from core.models.pruning.sizes import built_otherwise

_PROJECTIONS = ("gate_proj", "up_proj", "down_proj")


def layers_of(model: Any, name: str) -> list[Any]:
    """The transformer layers, each with `self_attn` and `mlp.{gate,up,down}_proj`, as in Llama.

    Args:
        model: A causal language model of transformers.
        name: The model's name, for a refusal.

    Raises:
        InputError: It does not load as its files look.
    """
    layers = list(getattr(getattr(model, "model", None), "layers", None) or ())
    parts = [getattr(getattr(layer, "mlp", None), part, None) for layer in layers for part in _PROJECTIONS]
    if not parts or not all(isinstance(part, nn.Linear) for part in parts):
        raise built_otherwise(name, type(model).__name__, "Its layers are not those of Llama-like models.")
    return layers
