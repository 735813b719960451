"""HQQ (Badri and Shaji 2023) as a pass of Olive's kind, with ONNX Runtime's own solver. Reads no rows."""

from __future__ import annotations

from typing import Any

import torch
from olive.passes.pytorch.quant_utils import finalize, prepare_model
from olive.passes.pytorch.rtn import Rtn
from onnxruntime.quantization.matmul_nbits_quantizer import HQQWeightOnlyQuantConfig, HQQWeightOnlyQuantizer
from torch import Tensor


class Hqq(Rtn):
    """Olive's pass that rounds to the nearest step, with the steps that HQQ finds."""

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _run_for_config(self, model: Any, config: Any, output_model_path: str) -> Any:
        """Rounds every matrix; called by Olive."""
        wrapper, said, tied = prepare_model(model, config, allow_quantized=True)
        for module in wrapper.model.modules():
            info = getattr(module, "quant_info", None)
            if info is not None:
                info.scales, info.zero_points = steps(module.weight.data, info.quantizer)
        return finalize(model, output_model_path, wrapper, said, "cpu", retie_word_embeddings=tied)


def steps(weight: Tensor, quantizer: Any) -> tuple[Tensor, Tensor]:
    """Scales and zero points of a matrix: (out, blocks).

    HQQ's zero points are no whole numbers, and with such ones the runtime's kernel is 40 times as slow (a
    token through 576 x 1536: 0.80 ms against 0.02); so they are rounded. A block that lies on one side of
    zero has none from 0 to 15, and keeps plain steps.
    """
    bits, block = quantizer.bits, quantizer.group_size
    solver = HQQWeightOnlyQuantizer(HQQWeightOnlyQuantConfig(block_size=block, bits=bits))
    _levels, scales, zeros = solver.quantize_internal(weight.float(), bits=bits, group_size=block)
    plain_scales, plain_zeros = quantizer.find_qparams(weight)
    whole = zeros.round()
    inside = (whole >= quantizer.minq) & (whole <= quantizer.maxq)
    return torch.where(inside, scales, plain_scales), torch.where(inside, whole.int(), plain_zeros)
