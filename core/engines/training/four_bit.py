"""A frozen model in 4 bits (NF4, Dettmers 2023) by bitsandbytes, whose kernels also run on a processor.

Measured on a 135M model, one core with AVX2, rows of 32 tokens: a step takes 1.20 s against 0.91 s of fused
LoRA; gradients differ by 1.6 % (median, at most 3.3 %) from those through the same weights unpacked. Peak
memory while loading stays near that of LoRA (874 MB against 1,196), so that large models gain most; over a
whole training on short rows in batches of 4 it was 1,214 MB against 1,496 (`tests/bench/test_fit.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from core.engines.training import freeing, weights
from core.errors import InputError
from core.models.methods import missing

if TYPE_CHECKING:
    from transformers import PreTrainedModel

REMARK = (
    "The model is kept in 4 bits while the add-on learns: its matrices need an eighth of the memory of fp32, "
    "and a step takes about a third longer."
)

#: Layers between two looks for freed memory.
_TRIM_EVERY = 16


def require() -> None:
    """Checks that 4-bit layers can be computed here.

    Raises:
        InputError: They cannot; says where they can.
    """
    if not missing("qlora"):
        try:
            _try_kernels()
            return
        except Exception as error:  # a missing native library shows as whatever its loader raises
            details = repr(error)
    else:
        details = "bitsandbytes is not installed"
    raise InputError(
        "QLoRA cannot run here.",
        why="It needs bitsandbytes with its library for this processor: Linux, Windows or macOS, 64 bit.",
        fix="Use LoRA, which learns the same and needs more memory, or `pip install bitsandbytes`.",
        code="method.unavailable",
        details=details,
    )


def _try_kernels() -> None:
    """One small matrix there and back."""
    from bitsandbytes import functional

    given = torch.linspace(-1, 1, 64 * 64).view(64, 64)
    packed, state = functional.quantize_4bit(given, quant_type="nf4", compress_statistics=True)
    if (functional.dequantize_4bit(packed, state) - given).abs().max() > 0.3:
        raise ValueError("the 4-bit kernels give wrong values")


def shrink(model: PreTrainedModel, dtype: torch.dtype) -> int:
    """Rounds every linear layer but the output to 4 bits, one after the other. Returns how many.

    Args:
        model: Its other weights become `dtype`.
        dtype: In which the layers compute.
    """
    from bitsandbytes import nn as bnb

    output = model.get_output_embeddings()
    linear = [
        (path, module)
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not output
    ]
    for at, (path, module) in enumerate(linear):
        small: Any = bnb.Linear4bit(
            module.in_features,
            module.out_features,
            bias=module.bias is not None,
            compute_dtype=dtype,
            quant_type="nf4",
            device="meta",
        )
        # Processors with bf16 would repack a layer when it is first asked: then it computes otherwise than
        # before, and one whose rows are no multiple of 64 fails (bitsandbytes 0.50).
        small.support_avx512bf16_for_cpu = False
        weight = bnb.Params4bit(
            module.weight.data.float(), requires_grad=False, quant_type="nf4", module=small
        )
        small.weight = weight.to("cpu")  # moving is what rounds
        small.bias = module.bias
        parent, _dot, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, small)
        module.weight = None
        if at % _TRIM_EVERY == 0:
            freeing.trim()
    weights.cast(model, dtype)
    freeing.trim()
    model.is_loaded_in_4bit = True  # where PEFT looks to choose its layer
    return len(linear)
