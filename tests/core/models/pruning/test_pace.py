"""From the times of three sizes to the size of a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.models.pruning import budget, pace
from core.models.pruning.pace import Pace
from core.models.pruning.sizes import Cut, Sizes

SIZES = Sizes(Cut(30, 1536, 49_152), layer=900_000, neuron=1728, token=576, tied=True, rest=576)
TOKENS = 3000
times = st.floats(0.01, 1000, allow_nan=False)


def through(truth: Pace) -> Pace:
    return Pace.through([(cut, truth.answer_ms(cut)) for cut in pace.probes(SIZES, TOKENS)])


@given(times, st.floats(0.01, 10), st.floats(1e-5, 0.005))
def test_three_times_give_back_what_they_came_from(rest: float, layer: float, neuron: float) -> None:
    truth = Pace(rest, layer, neuron)
    found = through(truth)
    for cut in (Cut(22, 1536, TOKENS), Cut(15, 640, TOKENS)):
        assert found.answer_ms(cut) == pytest.approx(truth.answer_ms(cut), rel=1e-6)


@given(st.tuples(times, times, times), times)
def test_whatever_was_measured_a_smaller_model_is_never_thought_slower(
    measured: tuple[float, float, float], target: float
) -> None:
    found = Pace.through(list(zip(pace.probes(SIZES, TOKENS), measured, strict=True)))
    assert found.answer_ms(Cut(15, 160, TOKENS)) <= found.answer_ms(Cut(15, 1536, TOKENS))
    assert found.answer_ms(Cut(15, 1536, TOKENS)) <= found.answer_ms(Cut(30, 1536, TOKENS))
    try:
        cut = pace.fit(found, SIZES, target, TOKENS)
    except InputError:
        assert found.answer_ms(budget.smallest(SIZES, TOKENS)) > target
    else:
        assert found.answer_ms(cut) <= target


def test_layers_go_first_and_then_neurons() -> None:
    found = Pace(rest=5.0, layer=0.5, neuron=0.001)
    assert pace.fit(found, SIZES, 70.0, TOKENS) == Cut(30, 1536, TOKENS)
    assert pace.fit(found, SIZES, 50.0, TOKENS) == Cut(22, 1536, TOKENS)
    assert pace.fit(found, SIZES, 30.0, TOKENS).layers == 15
    with pytest.raises(InputError, match="cannot be cut down to 10 ms") as caught:
        pace.fit(found, SIZES, 10.0, TOKENS)
    assert caught.value.code == "prune.target"
