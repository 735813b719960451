"""The recipes as data: which weights get how many bits, who rounds them, and what the receipt expects."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from core.models.quantizing import plan, sizes
from core.models.quantizing.plan import LEARNING, Algorithm, Part, Plan
from core.specs import QuantizeSpec

BLOCK = 32  # weights that share a scale; 16 costs a sixth more bytes and half the speed, 128 costs quality


class Widths(Protocol):
    """What a finished graph was found to have."""

    @property
    def matmul(self) -> dict[int, int]:
        """Bits → weights of matrix products."""

    @property
    def products(self) -> dict[tuple[str, str], int]:
        """Bits of each product by layer and name."""


class Recipe(BaseModel):
    """How a model is made small.

    Attributes:
        name: As people choose it.
        precision: The builder's precision.
        algorithm: Who rounds the layers; `builder` rounds by itself, and nothing is rounded when empty.
        on_rows: Who rounds them where there are rows to learn from; empty where that is no other.
        bits: Bits of a layer's matrices by group; `others` are those of no group.
        edges: Groups that get 8 bits in the layers that llama.cpp's rule gives more.
        head: Bits of the output layer and of an embedding that is shared with it; 0 leaves it to the builder.
        block: Weights that share a scale where the builder rounds.
        widest8: Weights that share a scale of 8 bits at most, where nothing else is asked.
        expected: Bits that matrix weights may have in the finished graph; all of them must occur.
        parts: Bits that the products of a layer's group must have, by `layer.group`; empty where the builder
            decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    precision: Literal["fp32", "int4"] = "int4"
    algorithm: Algorithm | Literal["builder", ""] = ""
    on_rows: Algorithm | Literal[""] = ""
    bits: dict[str, Literal[4, 8]] = {}
    edges: frozenset[str] = frozenset()
    head: Literal[0, 4, 8] = 0
    block: int = BLOCK
    widest8: int = BLOCK
    expected: frozenset[int]
    parts: dict[str, int] = {}

    def rounded_by(
        self, asked: Algorithm | Literal["auto"], *, rows: bool
    ) -> Algorithm | Literal["builder", ""]:
        """Who rounds the layers: as it is asked, or by `auto`.

        Args:
            asked: Set by hand, or `auto`.
            rows: Whether there are rows to learn from.
        """
        if asked != "auto":
            return asked
        return self.on_rows if rows and self.on_rows else self.algorithm

    def misfit(self, found: Widths) -> str:
        """Why a finished graph is not what the name promises; empty when it is."""
        present = {bits for bits, count in found.matmul.items() if count}
        if present != self.expected:
            promised, there = _listed(self.expected), _listed(present)
            return f"{self.name} is {promised} bits a weight; matrices here have {there}"
        for (layer, name), bits in found.products.items():
            wanted = self.parts.get(f"{layer}.{plan.group_of(name)}", bits)
            if wanted != bits:
                return f"{self.name} keeps {name} of layer {layer} in {wanted} bits; it has {bits}"
        return ""

    @property
    def options(self) -> tuple[str, ...]:
        """The builder's other options.

        `rtn_last` keeps the last product in 8 bits and lets the embedding share it: builder-only int8 keeps a
        second copy of the embedding in fp32, 42 % of a 135M model's file.
        """
        method = {8: ("algo_config=rtn_last",), 4: ("algo_config=k_quant",), 0: ()}[self.head]
        return (*method, f"block_size={self.block}") if self.precision == "int4" else ()

    def of(self, made: Plan) -> Recipe:
        """The recipe as it builds, and must show, this very plan."""
        parts = {
            f"{plan.layer_of(name)}.{plan.group_of(name)}": part.bits
            for name, part in made.matrices.items()
            if plan.group_of(name)
        }
        return self.model_copy(
            update={
                "head": made.head.bits,
                "block": made.head.block,
                "expected": made.bits,
                "parts": parts,
            }
        )

    def planned(
        self, found: sizes.Matrices, algorithm: Algorithm, block: int | Literal["auto"] = "auto"
    ) -> Plan:
        """The recipe for one model's matrices."""
        columns: dict[tuple[int, str], set[int]] = {}
        for name, shape in found.layers.items():
            columns.setdefault((plan.layer_of(name), plan.group_of(name)), set()).add(shape[1])

        def part(bits: Literal[4, 8], lengths: set[int]) -> Part:
            most = self.widest8 if bits == 8 else BLOCK
            fitting = [size for size in plan.blocks_of(lengths) if size <= most]
            return Part(bits=bits, block=(fitting or [BLOCK])[0] if block == "auto" else block)

        def choose(layer: int, group: str) -> Part:
            raised = group in self.edges and plan.is_edge(layer, found.count)
            return part(8 if raised else self.bits.get(group, self.bits["others"]), columns[layer, group])

        of_head = plan.block_of_head(found.head[1]) if block == "auto" else block
        head = Part(bits=8 if self.head == 8 else 4, block=of_head)
        return plan.make(algorithm, found.layers, head, choose)


def _listed(bits: set[int] | frozenset[int]) -> str:
    return " and ".join(map(str, sorted(bits))) or "no"


_ALL8: dict[str, Literal[4, 8]] = {"others": 8}
_ALL4: dict[str, Literal[4, 8]] = {"others": 4}
#: Gate and up projections are half of a layer and forgive most: rounded alone, they cost a KL of 14 a weight
#: against 63 for query/key/value and 68 for down. On 600 rows outside the test set, a tuned 135M model got
#: 75 % right in int8, 74 % in this mixture (133 MB), 72 % with llama.cpp's choice of layers (117 MB).
_FORGIVING: dict[str, Literal[4, 8]] = {"gate": 4, "up": 4, "others": 8}
_SENSITIVE = frozenset({"qkv", "down"})
#: 8 bits lose little by larger blocks and decode faster: int4-mixed of a tuned 135M model by GPTQ has 126 MB
#: for 133 and 1.2 times the tokens a second, at a KL of 0.017 for 0.016. 4 bits in blocks of 64 beside
#: them (123 MB, 0.022) are no faster.
_WIDEST8 = 128


def _recipe(name: str, expected: set[int], **more: Any) -> Recipe:
    return Recipe(name=name, expected=frozenset(expected), **more)


def _mixture(name: str, **more: Any) -> Recipe:
    return _recipe(name, {4, 8}, algorithm="k_quant", on_rows="gptq", head=8, widest8=_WIDEST8, **more)


#: KL of a tuned 135M model on 100 test rows, nats a token: int8 0.004, int4-mixed 0.057 and by GPTQ 0.017,
#: int4-edges 0.107 and by GPTQ 0.035, int4-gptq 0.067, int4-awq 0.106, int4-hqq 0.183, int4-kquant 0.196,
#: int4 0.248, a search for 115 MB 0.024.
#: fp16 and bf16 are missing: ONNX Runtime 1.31 runs neither on the processor. fp16 breaks off in attention
#: with a shape that does not fit its buffer, and for bf16 the operator Where is not there.
RECIPES = {
    recipe.name: recipe
    for recipe in (
        _recipe("fp32", {32}, precision="fp32"),
        _recipe("int8", {8}, algorithm="rtn", bits=_ALL8, head=8),
        _recipe("int4", {4}, algorithm="builder", bits=_ALL4),
        _mixture("int4-mixed", bits=_FORGIVING),
        _mixture("int4-edges", bits=_ALL4, edges=_SENSITIVE),
        _recipe("int4-kquant", {4, 8}, algorithm="k_quant", bits=_ALL4, head=8),
        _recipe("int4-hqq", {4, 8}, algorithm="hqq", bits=_ALL4, head=8),
        _recipe("int4-gptq", {4, 8}, algorithm="gptq", bits=_ALL4, head=8),
        _recipe("int4-awq", {4, 8}, algorithm="awq", bits=_ALL4, head=8),
        # What gets 8 bits is measured, see `searching`.
        _recipe("search", {4, 8}, algorithm="k_quant", bits=_ALL4, head=8),
    )
}
#: Recipes that look at rows, or at shipped text where there are none, whatever rounds.
LOOKS = ("search", "int4-gptq", "int4-awq")


def must_read(spec: QuantizeSpec) -> bool:
    """Whether the recipe, who rounds or mends, or the cache reads rows, or shipped text alone."""
    told = spec.algorithm in LEARNING or spec.heal > 0 or spec.kv_cache == "int8"
    return spec.recipe in LOOKS or told


def may_read(spec: QuantizeSpec) -> bool:
    """Whether what rounds reads rows only if there are any."""
    return bool(RECIPES[spec.recipe].on_rows) and spec.algorithm == "auto"


def reads_rows(spec: QuantizeSpec) -> bool:
    """Whether rows change the result, where there are any."""
    return must_read(spec) or may_read(spec)
