from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.specs import SearchSpec
from core.specs.search import Choices, Span, parse_range, range_text, usual_fields

BASE = {"model": "m", "data": "d"}


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"fields": {"schedule": {"choices": [1, 2]}}}, "schedule cannot be searched"),
        ({"fields": {"learning_rate": {"low": 0.5, "high": 0.1}}}, "0.5 is not less than 0.1"),
        ({"fields": {"learning_rate": {"low": 0.1, "high": 3}}}, "cannot be 3"),
        ({"fields": {"lora_rank": {"low": 1.5, "high": 4}}}, "must be a whole number"),
        ({"fields": {"lora_rank": {"choices": [8]}}}, "at least two different values"),
        ({"fields": {"epochs": {"low": 1, "high": 2}}, "settings": {"epochs": 3}}, "both fixed and searched"),
        ({"fields": {"lora_rank": {"choices": [2, 4]}}, "settings": {"method": "full"}}, "has no lora_rank"),
        ({"settings": {"batch_size": 0}}, "batch_size is not possible"),
        (
            {"fields": {"lora_rank": {"choices": [8, 512]}, "lora_alpha": {"choices": [1, 8]}}},
            "lora_alpha is not possible",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(wish, said):
    with pytest.raises(ValidationError, match=said):
        SearchSpec(**BASE, **wish)


@pytest.mark.parametrize("method", ["auto", "lora", "qlora", "dora", "ia3", "full"])
def test_every_method_has_usual_ranges_that_are_possible(method):
    spec = SearchSpec(**BASE, settings={"method": method})
    assert spec.fields == usual_fields(method)
    assert ("lora_rank" in spec.fields) == (method not in ("ia3", "full"))


def test_alpha_follows_the_rank():
    searched = SearchSpec(**BASE, fields={"lora_rank": Choices(choices=(4, 8))})
    assert searched.settings_of({"lora_rank": 8.0}) == {"lora_rank": 8, "lora_alpha": 16}
    both = SearchSpec(**BASE)
    assert both.settings_of({"lora_rank": 8.0, "lora_alpha": 4.0})["lora_alpha"] == 32
    fixed = SearchSpec(**BASE, settings={"lora_alpha": 10}, fields={"lora_rank": Choices(choices=(4, 8))})
    assert fixed.settings_of({"lora_rank": 8.0})["lora_alpha"] == 10


def test_a_grid_takes_ends_and_middle_of_a_range():
    fields = {"learning_rate": Span(low=0.0001, high=0.01, log=True), "batch_size": Span(low=2, high=4)}
    grid = SearchSpec(**BASE, fields=fields, sampler="grid", trials=100)
    assert grid.planned_trials == 9
    assert {round(point["learning_rate"], 6) for point in grid.grid()} == {0.0001, 0.001, 0.01}
    assert {point["batch_size"] for point in grid.grid()} == {2, 3, 4}


@given(st.lists(st.integers(1, 512), min_size=2, max_size=6, unique=True))
def test_a_range_written_out_is_read_back(values):
    choices = Choices(choices=tuple(sorted(map(float, values))))
    for between in (":", " – "):
        assert parse_range("lora_rank", range_text(choices, between)) == choices
        span = Span(low=float(min(values)), high=float(max(values)))
        assert parse_range("lora_rank", range_text(span, between)) == span
