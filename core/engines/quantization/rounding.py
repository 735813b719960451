"""Rounds a transformers folder's weights with Olive's passes, used directly.

Only the passes: Olive's command line and engine would send telemetry, and its ONNX export does not fit
onnxruntime-genai 0.15 and later.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from core.engines.quantization import parting
from core.engines.quantization.recipes import BLOCK, Recipe
from core.errors import InputError
from core.models import safetensors_header


def round_weights(source: Path, folder: Path, recipe: Recipe) -> Path:
    """Writes a folder whose linear layers are rounded as the recipe says; the builder takes it from there.

    Raises:
        InputError: The model's sizes do not fit the recipe's blocks.
    """
    logging.getLogger("olive").setLevel(logging.WARNING)
    from olive.hardware import DEFAULT_CPU_ACCELERATOR
    from olive.model import HfModelHandler
    from olive.passes.olive_pass import create_pass_from_dict
    from olive.passes.pytorch import kquant, rtn

    linear = _linear_layers(source)
    _check_sizes(source, linear)
    four = [name for name in linear if name.rpartition(".")[2] in recipe.four_bit]
    kinds: dict[str, Any] = {"Rtn": rtn.Rtn, "KQuant": kquant.KQuant}
    settings = {
        "bits": recipe.bits,
        "group_size": BLOCK,
        "sym": False,  # the builder cannot read symmetric ones: it packs zero points that are not there
        "lm_head": False,
        "embeds": False,
        "overrides": {name: {"bits": 4} for name in four},
    }
    rounding = create_pass_from_dict(
        kinds[recipe.rounding], settings, disable_search=True, accelerator_spec=DEFAULT_CPU_ACCELERATOR
    )
    rounding.run(HfModelHandler(str(source), load_kwargs={"trust_remote_code": False}), str(folder))
    parting.take_apart(folder)
    return folder


def _linear_layers(source: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the layers' matrices, from the weights' headers."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path in sorted(source.glob("model*.safetensors")):
        for name, tensor in safetensors_header.read(path).items():
            if name.endswith(".weight") and len(tensor.shape) == 2 and ".layers." in name:
                shapes[name.removesuffix(".weight")] = tensor.shape
    return shapes


def _check_sizes(source: Path, linear: dict[str, tuple[int, ...]]) -> None:
    for name, shape in linear.items():
        if shape[1] % BLOCK:
            family = json.loads((source / "config.json").read_bytes()).get("model_type", "model")
            raise InputError(
                f"This {family} cannot be rounded in blocks of {BLOCK}.",
                why=f"{name} has rows of {shape[1]}.",
                fix="Use the recipe int4, which fills the last block up, or fp32.",
            )
