"""The numbers that an exported graph really multiplies with, as floats again, and those of its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engines.quantization import graph, parting
from core.engines.quantization.folding import Folds
from core.models import records

Matrix = NDArray[np.float32]
_NODE = re.compile(r"/model/layers\.(\d+)/(attn|mlp)/(?:.*/)?(\w+)/MatMul")
_NORM = re.compile(r"model\.layers\.(\d+)\.(?:(attn)\.(\w+)\.layernorm|(\w+))\.weight")
_PLACES = {"attn": "self_attn", "mlp": "mlp"}


@dataclass(frozen=True)
class Stored:
    """One weight of the graph.

    Attributes:
        name: Where it is.
        bits: How it is stored.
        values: (out, in) of a matrix product, or (size,) of a norm.
    """

    name: str
    bits: int
    values: Matrix


def weights(folder: Path, model: Any) -> Iterator[Stored]:
    """The weights of a loaded graph's products and norms, one after another.

    Args:
        folder: Where its data lies.
        model: As `graph.load` gives it.
    """
    from onnx import numpy_helper

    tensors = {tensor.name: tensor for tensor in model.graph.initializer}

    def read(name: str) -> Any:
        return numpy_helper.to_array(tensors[name], base_dir=str(folder))

    for node in model.graph.node:
        inputs = [name for name in node.input[1:] if name]
        if node.op_type == "MatMulNBits":
            whole = {attribute.name: int(attribute.i) for attribute in node.attribute}
            zeros = read(inputs[2]) if len(inputs) > 2 and inputs[2] in tensors else None
            yield Stored(
                node.name, whole["bits"], _dequantized(whole, read(inputs[0]), read(inputs[1]), zeros)
            )
        elif node.op_type == "MatMul" and inputs and inputs[0] in tensors and "lora_" not in inputs[0]:
            values = read(inputs[0])
            if values.ndim == 2:
                bits = 8 * values.dtype.itemsize
                yield Stored(node.name, bits, np.asarray(values, dtype=np.float32).T)
    for name, tensor in tensors.items():
        if _NORM.fullmatch(name) and len(tensor.dims) == 1:
            values = read(name)
            yield Stored(name, 8 * values.dtype.itemsize, np.asarray(values, dtype=np.float32))


def _dequantized(whole: dict[str, int], packed: Any, scales: Any, zeros: Any) -> Matrix:
    """(N, K) from blocks: (number - zero) x scale. Two 4-bit numbers share a byte, the lower one first."""
    rows, columns, bits, block = whole["N"], whole["K"], whole["bits"], whole["block_size"]
    blocks = -(-columns // block)
    levels = _unpacked(packed.reshape(rows, blocks, -1), bits)[..., :block].astype(np.float32)
    scale = np.asarray(scales, dtype=np.float32).reshape(rows, blocks, 1)
    if zeros is None:
        offset: Any = float(1 << (bits - 1))
    elif zeros.dtype == np.uint8:
        offset = _unpacked(zeros.reshape(rows, -1), bits)[:, :blocks].astype(np.float32)[..., None]
    else:
        offset = np.asarray(zeros, dtype=np.float32).reshape(rows, blocks, 1)
    values: Matrix = ((levels - offset) * scale).reshape(rows, -1)[:, :columns]
    return values


def _unpacked(packed: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Along the last axis, one number a place."""
    if bits == 8:
        return packed
    share = 8 // bits
    parts = [(packed >> (bits * at)) & ((1 << bits) - 1) for at in range(share)]
    return np.stack(parts, axis=-1).reshape(*packed.shape[:-1], -1)


class SourceWeights:
    """The weights of a transformers folder by the names that the builder gives them.

    Args:
        folder: The folder that was built from, before anything was rounded.
        folds: Scales that were moved before rounding.
    """

    def __init__(self, folder: Path, folds: Folds | None = None) -> None:
        from safetensors import safe_open

        self._folds = folds or Folds()
        self._config = records.read_json(folder / "config.json")
        self._files: dict[str, Any] = {}
        for path in sorted(folder.glob("model*.safetensors")):
            opened: Any = safe_open(str(path), framework="pt")
            self._files |= dict.fromkeys(opened.keys(), opened)

    def find(self, stored: Stored) -> Matrix | None:
        """What belongs to a weight of the graph; None where the builder calls it otherwise."""
        if stored.values.ndim == 1:
            return self._norm(stored.name)
        match = _NODE.match(stored.name)
        if match is None:
            if graph.place(stored.name)[1] != "lm_head":
                return None
            own = self._read("lm_head")
            return self._read("model.embed_tokens") if own is None else own  # tied
        layer, where, name = match.groups()
        return self._product(f"model.layers.{layer}.{_PLACES[where]}", name)

    def _product(self, path: str, name: str) -> Matrix | None:
        own = self._read(f"{path}.{name}")
        if own is not None:
            return own
        if name in parting.JOINED:
            parts = [self._read(f"{path}.{part}") for part in parting.JOINED[name]]
            found = [part for part in parts if part is not None]
            return np.concatenate(found) if len(found) == len(parts) else None
        for joined, names in parting.JOINED.items():
            whole = self._read(f"{path}.{joined}") if name in names else None
            if whole is not None:
                ends = np.cumsum(parting.rows(self._config, joined, len(whole)))[:-1]
                return np.split(whole, ends)[names.index(name)]
        return None

    def _norm(self, name: str) -> Matrix | None:
        match = _NORM.fullmatch(name)
        assert match is not None
        layer, _attention, inner, plain = match.groups()
        if plain == "final_norm_layernorm":
            return self._read("model.norm")
        return self._read(
            f"model.layers.{layer}.self_attn.{inner}" if inner else f"model.layers.{layer}.{plain}"
        )

    def _read(self, name: str) -> Matrix | None:
        opened = self._files.get(f"{name}.weight")
        if opened is None:
            return None
        return self._folds.apply(f"{name}.weight", opened.get_tensor(f"{name}.weight").float().numpy())
