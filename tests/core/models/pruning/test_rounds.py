"""A large cut in several rounds ends where it was wished to end, and never grows on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.models.pruning import budget, rounds
from core.models.pruning.sizes import Cut

WHOLE = Cut(30, 1536, 49_152)


def test_a_third_goes_each_time() -> None:
    found = rounds.between(WHOLE, Cut(9, 1536, 3_000), 3)
    assert found == [Cut(20, 1536, 3_000), Cut(13, 1536, 3_000), Cut(9, 1536, 3_000)]


def test_what_each_round_is_told() -> None:
    first, last = rounds.between(WHOLE, Cut(15, 768, 3_000), 2)
    assert set(rounds.settings(WHOLE, first)) == {"keep_layers", "ffn_share", "vocabulary"}
    assert set(rounds.settings(first, last)) == {"keep_layers", "ffn_share"}


@given(
    st.integers(2, 80), st.integers(1, 400), st.integers(2, 80), st.integers(1, 400),
    st.integers(1, rounds.MOST_ROUNDS),
)  # fmt: skip
def test_it_shrinks_to_the_wish(layers: int, blocks: int, left: int, left_blocks: int, count: int) -> None:
    whole = Cut(layers, blocks * budget.BLOCK, 1000)
    wished = Cut(min(left, layers), min(left_blocks, blocks) * budget.BLOCK, 500)
    found = rounds.between(whole, wished, count)
    assert found[-1] == wished
    assert len(found) <= count
    for before, after in zip([whole, *found], found, strict=False):
        assert after != before
        assert after.layers <= before.layers
        assert after.neurons <= before.neurons
        told = rounds.settings(before, after)
        assert told
        share = told.get("ffn_share", 1.0)
        assert budget.share_of(before.neurons, share) == after.neurons
        assert told.get("keep_layers", before.layers) == after.layers
