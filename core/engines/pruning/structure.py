"""The parts of a model that can be cut, and the refusal of models that are built otherwise."""

from __future__ import annotations

from typing import Any

from torch import nn

from core.errors import InputError

_PROJECTIONS = ("gate_proj", "up_proj", "down_proj")


def layers_of(model: Any, name: str) -> list[Any]:
    """The transformer layers, each with `self_attn` and `mlp.{gate,up,down}_proj`, as in Llama.

    Args:
        model: A causal language model of transformers.
        name: The model's name, for a refusal.

    Raises:
        InputError: The model is built otherwise.
    """
    layers = list(getattr(getattr(model, "model", None), "layers", None) or ())
    width = getattr(model.config, "intermediate_size", None)
    if not layers:
        raise _built_otherwise(model, name, "Its layers are not where Llama-like models have them.")
    if getattr(model.config, "num_kv_shared_layers", 0):
        raise _built_otherwise(model, name, "Its layers share keys and values, so none can go alone.")
    for at, layer in enumerate(layers):
        mlp = getattr(layer, "mlp", None)
        parts: list[Any] = [getattr(mlp, part, None) for part in _PROJECTIONS]
        if not hasattr(layer, "self_attn") or not all(isinstance(part, nn.Linear) for part in parts):
            raise _built_otherwise(
                model, name, f"Layer {at + 1} has no attention beside a gate, up and down projection."
            )
        if parts[0].out_features != width or parts[2].in_features != width:
            raise _built_otherwise(model, name, "Its layers are of different widths.")
    return layers


def _built_otherwise(model: Any, name: str, why: str) -> InputError:
    return InputError(
        f"{name} cannot be pruned.",
        why=f"{why} It is a {type(model).__name__}.",
        fix="Choose a model of the Llama, SmolLM, Qwen, Mistral or Gemma families.",
        code="prune.structure",
    )
