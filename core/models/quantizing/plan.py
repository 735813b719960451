"""Which matrix of a model gets how many bits, in blocks of how many weights, rounded how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

#: Who rounds: `rtn` to the nearest step; `k_quant` searches scale and zero point of every block (llama.cpp);
#: `hqq` (Badri and Shaji 2023) moves the zero point of every block so that few large weights count less;
#: `gptq` (Frantar et al. 2023) lets the later columns make up for what the earlier ones lost, on sample rows;
#: `awq` (Lin et al. 2023) first makes the weights large that large inputs meet, as sample rows show them.
Algorithm = Literal["rtn", "k_quant", "hqq", "gptq", "awq"]
#: Those that read sample rows.
LEARNING: frozenset[Algorithm] = frozenset({"gptq", "awq"})
#: Query, key and value count as one: the builder packs them into one product, which has one width.
GROUPS = ("qkv", "o", "gate", "up", "down")
_GROUP_OF = {
    "q_proj": "qkv", "k_proj": "qkv", "v_proj": "qkv", "qkv_proj": "qkv", "o_proj": "o",
    "gate_proj": "gate", "up_proj": "up", "gate_up_proj": "gate", "down_proj": "down",
}  # fmt: skip
_LAYER = re.compile(r"\.layers\.(\d+)\.")


class Part(BaseModel):
    """How a matrix is stored.

    Attributes:
        bits: Bits of a weight.
        block: Weights that share a scale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Literal[4, 8]
    block: int = 32


class Plan(BaseModel):
    """How every matrix of a model is stored.

    Attributes:
        algorithm: Who rounds the layers.
        matrices: Part by the name of the layers' matrices, without `.weight`.
        head: The output layer, with which a tied embedding is shared; the builder rounds it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Algorithm
    matrices: dict[str, Part]
    head: Part

    @property
    def bits(self) -> frozenset[int]:
        """Widths that occur."""
        return frozenset({self.head.bits, *(part.bits for part in self.matrices.values())})


def make(algorithm: Algorithm, names: Iterable[str], head: Part, choose: Callable[[int, str], Part]) -> Plan:
    """The plan in which `choose` says the part of a layer's group."""
    return Plan(
        algorithm=algorithm,
        matrices={name: choose(layer_of(name), group_of(name)) for name in names},
        head=head,
    )


def blocks_of(columns: Iterable[int]) -> list[int]:
    """Blocks that fill rows of all these lengths, the largest first."""
    lengths = set(columns)
    return [block for block in (128, 64, 32) if not any(length % block for length in lengths)]


def block_of_head(columns: int) -> Literal[32, 64]:
    """Block of the output layer: with 64 for 32, int8 decodes a tenth faster, at a KL of 0.004 for 0.003.

    Its 8 bits have no zero point, so larger blocks cost more.
    """
    return 64 if columns % 64 == 0 else 32


def group_of(name: str) -> str:
    """Group of a matrix, or an empty text for one that belongs to none."""
    return _GROUP_OF.get(name.rpartition(".")[2], "")


def layer_of(name: str) -> int:
    """Number of a matrix's layer; -1 outside the layers."""
    match = _LAYER.search(name)
    return int(match.group(1)) if match else -1


def is_edge(layer: int, layers: int) -> bool:
    """Whether llama.cpp gives a layer more bits: the first and last eighth, and every third between."""
    return layer < layers / 8 or layer >= 7 * layers / 8 or (layer - layers // 8) % 3 == 2
