"""The first bytes of a GGUF file, enough to refuse what is none before a library reads it.

Declared sizes are never trusted: 300 mutated files brought a native loader down once, and one server read
beyond its buffer for years. The tensors' places are compared with the file's length by the engine.
"""

from __future__ import annotations

import struct
from pathlib import Path

_MAGIC = b"GGUF"
_HEADER = struct.Struct("<4sIQQ")
_SMALLEST_TENSOR_BYTES = 32  # name length, dimensions, type and offset of one tensor's entry
_SMALLEST_KEY_BYTES = 13


class HeaderError(ValueError):
    """The file is no GGUF file we can read; the text says why."""


def check(path: Path) -> None:
    """Looks at magic, version and counts.

    Raises:
        HeaderError: One of them is wrong or cannot fit the file's length.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise HeaderError(f"it has only {size} bytes")
    magic, version, tensors, keys = _HEADER.unpack(head)
    if magic != _MAGIC:
        raise HeaderError("it does not begin with GGUF")
    if version not in (2, 3):
        raise HeaderError(f"its format version is {version}; 2 and 3 are known")
    if tensors == 0:
        raise HeaderError("it holds no tensors")
    if tensors * _SMALLEST_TENSOR_BYTES + keys * _SMALLEST_KEY_BYTES > size:
        raise HeaderError(f"it announces {tensors} tensors and {keys} keys but has only {size} bytes")
