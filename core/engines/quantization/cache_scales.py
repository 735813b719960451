"""Scales by which keys and values of a conversation are kept in 8 bits, measured on sample rows.

Each channel of each head has its own. A key is kept after its rotation, which mixes two channels by an angle
that grows with the place; their length stays, so that it holds for places that no sample row reaches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.engines import merging
from core.engines.quantization.folding import Folds

_MOST = 128.0  # the builder divides by as much
_LEAST = 1e-6
#: Values beyond what the sample rows showed are cut off; this leaves some room.
_ROOM = 1.1


def options(source: Path, folds: Folds, rows: Sequence[Sequence[int]], file: Path) -> tuple[str, ...]:
    """The builder's options, with the scales in a file that it reads.

    Args:
        source: The model in full precision.
        folds: Scales that were moved in its weights before rounding: values come out divided.
        rows: Token ids of sample rows.
        file: Where the scales go.
    """
    keys, values = measure(source, folds, rows)
    scales = {"k_scales": keys.tolist(), "v_scales": values.tolist()}
    file.write_text(json.dumps({"scales": scales, "qmax": _MOST, "layer_ids": list(range(len(keys)))}))
    return ("kv_cache_quant_scheme=int8_per_channel", f"kv_cache_scale_file={file}")


def measure(source: Path, folds: Folds, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Scales of keys and values: (layers, heads x size) each."""
    model = merging.load(source).eval()
    config = model.config
    keys: list[Tensor] = []
    values: list[Tensor] = []
    with torch.inference_mode():
        for row in rows:
            cache = model(
                input_ids=torch.tensor([list(row)]), use_cache=True, logits_to_keep=1
            ).past_key_values
            turned = [_lengths(layer.keys[0], _turned(config)).amax(1).flatten() for layer in cache.layers]
            plain = [layer.values[0].abs().amax(1).flatten() for layer in cache.layers]
            keys = [torch.maximum(*pair) for pair in zip(keys or turned, turned, strict=True)]
            values = [torch.maximum(*pair) for pair in zip(values or plain, plain, strict=True)]
    values = [largest / _moved(folds, at, len(largest)) for at, largest in enumerate(values)]
    return _steps(keys), _steps(values)


def _steps(largest: Sequence[Tensor]) -> Tensor:
    return (torch.stack(list(largest)) * _ROOM).clamp(min=_LEAST) / _MOST


def _turned(config: Any) -> float:
    """Which share of a head is turned by its place."""
    said = getattr(config, "rope_parameters", None) or {}
    return float(said.get("partial_rotary_factor") or getattr(config, "partial_rotary_factor", None) or 1.0)


def _lengths(keys: Tensor, share: float) -> Tensor:
    """Size of each channel, or the length of the pair that is turned together: (heads, tokens, size)."""
    half = int(keys.shape[-1] * share) // 2
    one, other, rest = keys[..., :half], keys[..., half : 2 * half], keys[..., 2 * half :]
    length = torch.hypot(one, other)
    return torch.cat([length, length, rest.abs()], -1)


def _moved(folds: Folds, layer: int, size: int) -> Tensor:
    """What the values of a layer were divided by."""
    path = f"model.layers.{layer}.self_attn"
    for name in ("v_proj", "qkv_proj"):
        rows = folds.rows.get(f"{path}.{name}")
        if rows is not None:
            return torch.from_numpy(rows[-size:])
    return torch.ones(size)
