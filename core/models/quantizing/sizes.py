"""What an export will take on disk, from the headers of the weights: exact for the weights' file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from core.models import safetensors_header
from core.models.quantizing.plan import Part, Plan

#: Bytes of the graph's text a layer, and of what else lies beside the tokenizer; corrected after the build.
_GRAPH_A_LAYER, _REST = 9_500, 8_000
_BESIDE = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
_EMBEDDINGS = ("model.embed_tokens.weight", "lm_head.weight")


@dataclass(frozen=True)
class Matrices:
    """The sizes of a decoder's weights.

    Attributes:
        layers: Shape (out, in) by name, of the layers' matrices, without `.weight`.
        head: Shape of the output layer: (vocabulary, width).
        tied: Whether the embedding is the output layer.
        others: Numbers that stay in 32 bits: norms, biases, and the table of positions.
        beside: Estimate of everything that is not the weights' file.
    """

    layers: dict[str, tuple[int, int]]
    head: tuple[int, int]
    tied: bool
    others: int
    beside: int

    @cached_property
    def count(self) -> int:
        """How many layers there are."""
        return len({name.split(".layers.")[1].split(".")[0] for name in self.layers})


def read(folder: Path) -> Matrices:
    """The sizes of a transformers folder.

    Raises:
        HeaderError: A weights' file is no safetensors file.
        OSError: The folder has no readable configuration.
        ValueError: The configuration is no JSON.
    """
    config: Any = json.loads((folder / "config.json").read_bytes())
    layers: dict[str, tuple[int, int]] = {}
    embeddings: dict[str, tuple[int, int]] = {}
    others = _positions(config)
    for path in sorted(folder.glob("model*.safetensors")):
        for name, tensor in safetensors_header.read(path).items():
            if len(tensor.shape) == 2 and name.endswith(".weight") and ".layers." in name:
                layers[name.removesuffix(".weight")] = (tensor.shape[0], tensor.shape[1])
            elif name in _EMBEDDINGS and len(tensor.shape) == 2:
                embeddings[name] = (tensor.shape[0], tensor.shape[1])
            else:
                others += tensor.elements
    head = embeddings.get("lm_head.weight") or embeddings.get("model.embed_tokens.weight") or (0, 0)
    tied = bool(config.get("tie_word_embeddings", "lm_head.weight" not in embeddings))
    found = Matrices(layers, head, tied, others, 0)
    beside = sum((folder / name).stat().st_size for name in _BESIDE if (folder / name).exists())
    return Matrices(layers, head, tied, others, beside + _GRAPH_A_LAYER * found.count + _REST)


def _positions(config: dict[str, Any]) -> int:
    """Numbers of the two tables of rotary positions."""
    heads = int(config.get("num_attention_heads") or 1)
    size = int(config.get("head_dim") or int(config.get("hidden_size") or 0) // heads)
    return int(config.get("max_position_embeddings") or 0) * (size // 2) * 2


def matrix_bytes(shape: tuple[int, int], part: Part) -> int:
    """Bytes of a rounded matrix of a layer: weights, a 32-bit scale a block, and a zero point a block."""
    rows, columns = shape
    blocks = -(-columns // part.block)
    return rows * (blocks * part.block * part.bits // 8 + 4 * blocks + -(-blocks * part.bits // 8))


def head_bytes(shape: tuple[int, int], part: Part) -> int:
    """Bytes of the output layer. In 8 bits the builder rounds around zero, so that there is no zero point."""
    rows, columns = shape
    blocks = -(-columns // part.block)
    zeros = -(-blocks * part.bits // 8) if part.bits == 4 else 0
    return rows * (blocks * part.block * part.bits // 8 + 4 * blocks + zeros)


def weight_bytes(found: Matrices, plan: Plan) -> int:
    """Bytes of `model.onnx.data`, exactly."""
    layers = sum(matrix_bytes(shape, plan.matrices[name]) for name, shape in found.layers.items())
    own = 0 if found.tied else 4 * found.head[0] * found.head[1]
    return layers + head_bytes(found.head, plan.head) + own + 4 * found.others


def plain_bytes(found: Matrices) -> int:
    """Bytes of an export in 32 bits, in which a tied embedding is stored once."""
    numbers = sum(rows * columns for rows, columns in found.layers.values())
    heads = (1 if found.tied else 2) * found.head[0] * found.head[1]
    return 4 * (numbers + heads + found.others) + found.beside


def folder_bytes(found: Matrices, plan: Plan) -> int:
    """Bytes of the whole export; all but the weights' file is estimated, within a few kilobytes."""
    return weight_bytes(found, plan) + found.beside
