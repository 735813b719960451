"""The recipes by name: which weights get how many bits, and what the receipt expects to find."""

from __future__ import annotations

from dataclasses import dataclass

from core.engines.quantization.graph import Precision

BLOCK = 32  # weights that share a scale; 16 costs a sixth more bytes and half the speed, 128 costs quality


@dataclass(frozen=True)
class Recipe:
    """How a model is made small.

    Attributes:
        name: As people choose it.
        precision: The builder's precision.
        options: The builder's other options.
        rounding: Olive's pass that rounds the weights before the builder: Rtn, KQuant, or nothing.
        bits: Bits of the weights that Olive rounds.
        four_bit: Last parts of the names of the layers that get 4 bits all the same.
        expected: Bits that matrix weights may have in the finished graph; all of them must occur.
    """

    name: str
    precision: str
    expected: frozenset[int]
    options: tuple[str, ...] = ()
    rounding: str = ""
    bits: int = 0
    four_bit: frozenset[str] = frozenset()

    def bits_of(self, name: str) -> int | None:
        """Bits of a layer's product of this name; None where the builder decides."""
        if not self.rounding:
            return None
        return 4 if name in self.four_bit else self.bits

    def misfit(self, found: Precision) -> str:
        """Why a finished graph is not what the name promises; empty when it is."""
        present = {bits for bits, count in found.matmul.items() if count}
        if present != self.expected:
            promised, there = _listed(self.expected), _listed(present)
            return f"{self.name} is {promised} bits a weight; matrices here have {there}"
        for (layer, name), bits in found.products.items():
            wanted = self.bits_of(name) if layer else None
            if wanted not in (None, bits):
                return f"{self.name} keeps {name} in {wanted} bits; in layer {layer} it has {bits}"
        return ""


def _listed(bits: set[int] | frozenset[int]) -> str:
    return " and ".join(map(str, sorted(bits))) or "no"


#: Gate and up projections are half of a layer and forgive most: rounded alone, they cost a KL of 14 a weight
#: against 63 for query/key/value and 68 for down. On 600 rows outside the test set, a tuned 135M model got
#: 75 % right in int8, 74 % in this mixture (133 MB), 72 % with llama.cpp's choice of layers (117 MB).
_FORGIVING = frozenset({"gate_proj", "up_proj", "gate_up_proj"})

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("fp32", "fp32", frozenset({32})),
        # `rtn_last` keeps the last product in 8 bits and lets the embedding share it: builder-only int8 keeps
        # a second copy of the embedding in fp32, 42 % of a 135M model's file.
        Recipe("int8", "int4", frozenset({8}), ("algo_config=rtn_last",), "Rtn", 8),
        Recipe("int4", "int4", frozenset({4})),
        Recipe("int4-mixed", "int4", frozenset({4, 8}), ("algo_config=rtn_last",), "KQuant", 8, _FORGIVING),
    )
}
