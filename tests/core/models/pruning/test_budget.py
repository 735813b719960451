"""What a size in int8 counts, and what is chosen to fit it."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.models.pruning import budget
from core.models.pruning.budget import MB
from core.models.pruning.sizes import Cut, Sizes
from core.specs import PruneSpec

TOKENS = 1000
SIZES = Sizes(
    whole=Cut(layers=8, neurons=128, tokens=TOKENS), layer=MB, neuron=MB // 128, token=1000, tied=True, rest=0
)


@pytest.mark.parametrize(
    ("target", "chosen"), [(17, (8, 128)), (16.9, (7, 128)), (9, (4, 128)), (8.9, (4, 96)), (6, (4, 32))]
)
def test_layers_go_to_half_and_then_neurons(target: float, chosen: tuple[int, int]) -> None:
    cut = budget.fit(SIZES, target, TOKENS)
    assert (cut.layers, cut.neurons) == chosen
    assert SIZES.bytes(cut) <= target * MB


def test_with_fewer_tokens_more_layers_fit() -> None:
    assert budget.fit(SIZES, 9, TOKENS).layers < budget.fit(SIZES, 9, 10).layers + 1 == 5
    assert budget.fit(SIZES, 10.1, 10).layers == 5


def test_less_than_the_smallest_is_refused_with_its_size_and_what_would_help() -> None:
    with pytest.raises(InputError) as caught:
        budget.fit(SIZES, 5.9, TOKENS)
    assert "6.0 MB; 1.0 MB of it are tokens" in caught.value.why
    assert "vocabulary=data" in caught.value.fix
    with pytest.raises(InputError) as caught:
        budget.fit(SIZES, 4.9, 10)
    assert "vocabulary=data" not in caught.value.fix
    assert SIZES.bytes(budget.smallest(SIZES, 10)) > 4.9 * MB


def test_by_hand_what_is_not_there_cannot_be_kept_and_something_must_go() -> None:
    base = {"model": "m", "data": "d"}
    assert budget.plan(PruneSpec(**base, ffn_share=0.6), SIZES, TOKENS, "it") == Cut(8, 64, TOKENS)
    with pytest.raises(InputError) as caught:
        budget.plan(PruneSpec(**base, keep_layers=9), SIZES, TOKENS, "it")
    assert caught.value.code == "prune.layers"
    for nothing in ({"keep_layers": 8}, {"target_mb": 17}):
        with pytest.raises(InputError) as caught:
            budget.plan(PruneSpec(**base, **nothing), SIZES, TOKENS, "it")
        assert caught.value.code == "prune.nothing"
    budget.plan(PruneSpec(**base, vocabulary="data", keep_layers=8), SIZES, 10, "it")
