"""What the headers say of a model is what it has once it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engines.training import weights
from core.models.pruning import sizes
from core.models.pruning.sizes import Cut
from tests.core.engines.test_prune import LAYERS, WIDTH, keep, llama


@pytest.mark.parametrize("tied", [True, False])
def test_a_number_is_a_byte_and_four_in_a_token_table_that_only_reads(tmp_path: Path, tied: bool) -> None:
    model = llama(tied=tied)
    table = model.get_input_embeddings().weight.numel()
    found = sizes.read(keep(model, tmp_path / "model"), "it")
    assert found.whole == Cut(LAYERS, WIDTH, model.config.vocab_size)
    assert found.parameters(found.whole) == weights.count(model)
    extra = 0 if tied else 3 * table
    assert found.bytes(found.whole) == weights.count(model) + extra
    half = Cut(LAYERS, WIDTH, found.whole.tokens // 2)
    assert found.bytes(found.whole) - found.bytes(half) == (table + extra + (0 if tied else table)) // 2
