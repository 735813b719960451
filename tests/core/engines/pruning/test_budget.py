"""What a size in int8 counts, and what is chosen to fit it."""

from __future__ import annotations

import pytest

from core.engines.pruning import budget
from core.engines.pruning.budget import MB, Sizes
from core.engines.training import weights
from core.errors import InputError
from tests.core.engines.test_prune import WIDTH, llama

SIZES = Sizes(layers=8, neurons=128, fixed=1 * MB, layer=1 * MB, neuron=MB // 128)


@pytest.mark.parametrize("tied", [True, False])
def test_a_number_is_a_byte_and_four_in_a_token_table_that_only_reads(tied: bool) -> None:
    model = llama(tied=tied)
    table = model.get_input_embeddings().weight.numel()
    sizes = budget.sizes_of(model, list(model.model.layers), model.config.vocab_size)
    extra = 0 if tied else 3 * table
    assert sizes.bytes(4, WIDTH) == weights.count(model) + extra
    smaller = budget.sizes_of(model, list(model.model.layers), model.config.vocab_size // 2)
    assert sizes.fixed - smaller.fixed == (table + extra + (0 if tied else table)) // 2


@pytest.mark.parametrize(
    ("target", "chosen"), [(17, (8, 128)), (16.9, (7, 128)), (9, (4, 128)), (8.9, (4, 96)), (6, (4, 32))]
)
def test_layers_go_to_half_and_then_neurons(target: float, chosen: tuple[int, int]) -> None:
    assert budget.fit(SIZES, target) == chosen
    assert SIZES.bytes(*chosen) <= target * MB


def test_less_than_the_smallest_is_refused_with_its_size() -> None:
    with pytest.raises(InputError) as caught:
        budget.fit(SIZES, 5.9)
    assert "6.0 MB" in caught.value.why
