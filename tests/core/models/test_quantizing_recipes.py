"""A recipe says for a model's matrices who rounds them, and in blocks of how many weights."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.quantizing.plan import Part
from core.models.quantizing.recipes import RECIPES
from core.models.quantizing.sizes import Matrices


def _llama(hidden: int, neurons: int) -> Matrices:
    shapes = {"self_attn.q_proj": (hidden, hidden), "self_attn.k_proj": (64, hidden),
              "self_attn.v_proj": (64, hidden), "self_attn.o_proj": (hidden, hidden),
              "mlp.gate_proj": (neurons, hidden), "mlp.up_proj": (neurons, hidden),
              "mlp.down_proj": (hidden, neurons)}  # fmt: skip
    layers = {f"model.layers.0.{name}": shape for name, shape in shapes.items()}
    return Matrices(layers, (300, hidden), True, 0, 0)


@pytest.mark.parametrize(
    ("recipe", "asked", "rows", "rounds"),
    [
        ("int4-mixed", "auto", True, "gptq"),
        ("int4-edges", "auto", True, "gptq"),
        ("int4-mixed", "auto", False, "k_quant"),
        ("int4-mixed", "rtn", True, "rtn"),
        ("int4-mixed", "gptq", False, "gptq"),  # on shipped text alone
        ("int4-kquant", "auto", True, "k_quant"),
        ("search", "auto", True, "k_quant"),  # it tries GPTQ itself
        ("int4", "auto", True, "builder"),
    ],
)
def test_mixtures_are_rounded_by_gptq_where_there_are_rows(
    recipe: str, asked: Any, rows: bool, rounds: str
) -> None:
    assert RECIPES[recipe].rounded_by(asked, rows=rows) == rounds


def test_the_8_bits_of_a_mixture_have_blocks_as_large_as_its_rows_allow() -> None:
    made = RECIPES["int4-mixed"].planned(_llama(576, 1536), "gptq")

    stored = {name.rpartition(".")[2]: part for name, part in made.matrices.items()}
    assert stored["q_proj"] == stored["k_proj"] == stored["o_proj"] == Part(bits=8, block=64)
    assert stored["down_proj"] == Part(bits=8, block=128)
    assert stored["gate_proj"] == stored["up_proj"] == Part(bits=4, block=32)
    assert made.head == Part(bits=8, block=64)


@pytest.mark.parametrize(("recipe", "block"), [("int8", "auto"), ("int4-kquant", "auto"), ("int4-mixed", 32)])
def test_blocks_are_of_32_otherwise_or_as_asked(recipe: str, block: Any) -> None:
    made = RECIPES[recipe].planned(_llama(576, 1536), "rtn", block)
    assert {part.block for part in made.matrices.values()} == {32}
    assert made.head.block == (64 if block == "auto" else 32)


def test_rows_that_no_block_fills_are_left_to_be_refused() -> None:
    made = RECIPES["int4-mixed"].planned(_llama(80, 96), "rtn")
    assert made.matrices["model.layers.0.self_attn.q_proj"].block == 32
