"""From the times of four mixtures to the time of any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models.quantizing import groups as grouping
from core.models.quantizing import pace
from core.models.quantizing.pace import Pace
from core.models.quantizing.sizes import Matrices

FOUND = Matrices(
    {
        f"model.layers.{layer}.{name}": shape
        for layer in range(3)
        for name, shape in {
            "self_attn.q_proj": (64, 64),
            "self_attn.o_proj": (64, 64),
            "mlp.down_proj": (64, 96),
        }.items()
    },
    head=(400, 64),
    tied=True,
    others=64,
    beside=0,
)
GROUPS = grouping.groups_of(FOUND)
times = st.floats(1, 1000)


@given(st.tuples(times, times, times, times))
def test_the_timed_mixtures_take_as_long_as_they_took(measured: tuple[float, float, float, float]) -> None:
    found = Pace.through(GROUPS, measured)

    for plan, took in zip(pace.probes(FOUND, GROUPS), measured, strict=True):
        assert found.answer_ms(GROUPS, plan) == pytest.approx(took)


def test_a_mixture_takes_its_share() -> None:
    found = Pace.through(GROUPS, (20.0, 19.0, 26.0, 24.0))
    _, eight = grouping.head_options(FOUND)
    half = grouping.planned(
        GROUPS, eight, lambda group: group.eight if group.group == "down" else group.usual
    )

    assert found.answer_ms(GROUPS, half) == pytest.approx(24.0 + 6.0 * 6144 / 14336)


def test_rows_that_larger_blocks_do_not_fill_have_none() -> None:
    blocks = {group.group: [(part.bits, part.block) for part in group.options] for group in GROUPS}

    assert blocks["down"] == [(4, 32), (8, 32)]
    assert blocks["o"] == [(4, 32), (4, 64), (8, 64)]
