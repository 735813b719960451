"""What a pruning is asked for must go together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.specs import PruneSpec

BASE = {"model": "m", "data": "d"}


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({}, "nothing is left out"),
        ({"ffn_share": 1.0, "vocabulary": "whole"}, "nothing is left out"),
        ({"target_mb": 10, "keep_layers": 4}, "set either it or the sizes"),
        ({"target_mb": 10, "ffn_share": 0.5}, "set either it or the sizes"),
        ({"keep_layers": 1}, "greater than or equal to 2"),
        ({"ffn_share": 0.05}, "greater than or equal to 0.1"),
        ({"target_mb": 0}, "greater than 0"),
        ({"vocabulary": "half"}, "'whole' or 'data'"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(wish, said):
    with pytest.raises(ValidationError, match=said):
        PruneSpec(**BASE, **wish)


@pytest.mark.parametrize(
    "wish",
    [
        {"keep_layers": 4},
        {"ffn_share": 0.5},
        {"vocabulary": "data"},
        {"target_mb": 30.5},
        {"target_mb": 30.5, "vocabulary": "data"},
        {"keep_layers": 4, "ffn_share": 0.5, "vocabulary": "data"},
    ],
)
def test_sizes_go_together_and_vocabulary_with_each(wish):
    assert PruneSpec(**BASE, **wish).inputs() == ("m", "d")
