"""A recipe says who rounds a model's matrices."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.quantizing.recipes import RECIPES


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
