"""The sizes of a model that decide what learning costs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Linear layers of a block that get an add-on: four of attention, three of the feed-forward part.
ADAPTED = 7


@dataclass(frozen=True)
class Shape:
    """Sizes of a decoder as its `config.json` names them; 0 where it does not.

    Attributes:
        parameters: All weights.
        hidden: Width of the residual stream.
        layers: Number of blocks.
        intermediate: Width of the feed-forward part.
        vocabulary: Rows of the output layer.
        heads: Query heads.
        key_values: Key heads times their size.
        file_bytes: The weights as they lie on disk.
        architecture: transformers' class name.
    """

    parameters: int
    hidden: int = 0
    layers: int = 0
    intermediate: int = 0
    vocabulary: int = 0
    heads: int = 0
    key_values: int = 0
    file_bytes: int = 0
    architecture: str = ""

    @property
    def known(self) -> bool:
        """Whether the configuration named every size."""
        return min(self.hidden, self.layers, self.intermediate, self.vocabulary) > 0

    @property
    def block_weights(self) -> int:
        """Weights of one block's linear layers, which every token passes."""
        if not self.known:
            return round(0.8 * self.parameters)
        attention = 2 * self.hidden * (self.hidden + self.key_values)
        return attention + 3 * self.hidden * self.intermediate

    @property
    def tokens_a_score(self) -> float:
        """Tokens that need as much memory as one attention score of every head."""
        return 4.2 * (self.heads or 1) / max(29 * self.hidden + 16 * (self.intermediate + self.key_values), 1)

    @property
    def linear_weights(self) -> int:
        """Weights of all blocks' linear layers."""
        return self.block_weights * (self.layers if self.known else 1)


def shape_of(folder: Path, parameters: int, architecture: str = "") -> Shape:
    """Reads the sizes from a model folder's `config.json`; what is missing stays 0."""
    files = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        config = {}

    def size(name: str) -> int:
        value = config.get(name) if isinstance(config, dict) else None
        return value if isinstance(value, int) and value > 0 else 0

    hidden, heads = size("hidden_size"), size("num_attention_heads")
    head = size("head_dim") or (hidden // heads if heads else 0)
    return Shape(
        parameters,
        hidden=hidden,
        layers=size("num_hidden_layers"),
        intermediate=size("intermediate_size"),
        vocabulary=size("vocab_size"),
        heads=heads,
        key_values=(size("num_key_value_heads") or heads) * head or hidden,
        file_bytes=files,
        architecture=architecture,
    )


def learnt(shape: Shape, method: str, rank: int) -> float:
    """How many values are learnt: all of them, or an add-on beside each linear layer."""
    if method == "full":
        return float(shape.parameters)
    if not shape.known:
        return shape.parameters * (0.0022 * rank if method != "ia3" else 0.001)
    hidden, key_values, inner = shape.hidden, shape.key_values, shape.intermediate
    if method == "ia3":
        return float(shape.layers * (2 * key_values + inner))
    thin = rank * (2 * (hidden + hidden) + 2 * (hidden + key_values) + 3 * (hidden + inner))
    lengths = 2 * hidden + 2 * key_values + 2 * inner + hidden if method == "dora" else 0
    return float(shape.layers * (thin + lengths))
