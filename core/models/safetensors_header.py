"""The header of a safetensors file: 8 bytes of length, JSON, then tensors without holes or overlaps.

safetensors checks this when it loads; we check first because a refusal must name the file and the reason, and
because a listing of models must not import torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEADER_LIMIT_BYTES = 100_000_000
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "U16": 16,
    "I16": 16,
    "U32": 32,
    "I32": 32,
    "U64": 64,
    "I64": 64,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F16": 16,
    "BF16": 16,
    "F32": 32,
    "F64": 64,
}


class HeaderError(ValueError):
    """The file is no whole safetensors file; the text says why."""


@dataclass(frozen=True)
class Tensor:
    """One entry: element type as written, shape, and its bytes from `start` to `end` after the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by name.

    Raises:
        HeaderError: The header or the file's length is wrong.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(8)
        if len(head) < 8:
            raise HeaderError(f"it has {size} bytes, too few for a header")
        length = int.from_bytes(head, "little")
        if length > _HEADER_LIMIT_BYTES or 8 + length > size:
            raise HeaderError(f"it announces a header of {length} bytes but has {size} bytes in all")
        raw = file.read(length)
    tensors = {name: _tensor(name, entry) for name, entry in _entries(raw).items() if name != "__metadata__"}
    position = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != position:
            kind = "overlaps the tensor before it" if tensor.start < position else "leaves a hole before it"
            raise HeaderError(f"tensor {name!r} {kind}")
        position = tensor.end
    if 8 + length + position != size:
        missing = 8 + length + position - size
        how = f"{missing} bytes are missing at its end" if missing > 0 else f"{-missing} bytes are too many"
        raise HeaderError(how)
    return tensors


def _entries(raw: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise HeaderError("its header names a tensor twice")
        return dict(pairs)

    try:
        entries = json.loads(raw, object_pairs_hook=unique)
    except HeaderError:
        raise
    except (ValueError, RecursionError) as error:
        raise HeaderError("its header is not JSON") from error
    if not isinstance(entries, dict):
        raise HeaderError("its header is not a JSON object")
    return entries


def _tensor(name: str, entry: Any) -> Tensor:
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(f"tensor {name!r} lacks its type, shape or place") from error
    numbers = [*shape, start, end] if isinstance(shape, list) else [None]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise HeaderError(f"tensor {name!r} has an impossible shape or place")
    if dtype not in _BITS:
        raise HeaderError(f"tensor {name!r} has the unknown type {dtype!r}")
    if end - start != math.prod(shape) * _BITS[dtype] // 8:
        raise HeaderError(f"the place of tensor {name!r} does not fit its shape")
    return Tensor(dtype=dtype, shape=tuple(shape), start=start, end=end)
