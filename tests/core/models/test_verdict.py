"""An evaluation in a sentence that claims no more than its intervals allow."""

from __future__ import annotations

import pytest

from core.models import verdict
from core.models.report import Change, Comparison, main_figure


def change(value: float, low: float, high: float) -> Change:
    return Change(value=value, ci95=(low, high))


def test_gain_and_loss_stand_in_one_sentence_with_their_intervals() -> None:
    found = Comparison(
        reference="base",
        model="tuned",
        measure="accuracy",
        rows=300,
        task=change(0.803, 0.751, 0.85),
        general_perplexity=change(0.14, 0.09, 0.19),
        general_log_probability=change(-1.163, -1.4, -0.9),
    )
    assert verdict.sentence(found) == (
        "tuned against base: better on your task by 80.3 points [75.1 to 85.0] on 300 rows; worse in general "
        "by 14 % [9 to 19] (perplexity of plain text), right answers to general questions 3.2 [2.5 to 4.1] "
        "times less likely."
    )


def test_beside_a_teacher_s_answers_nothing_is_called_right() -> None:
    assert verdict.measure_name("accuracy") == "right"
    assert verdict.measure_name("accuracy", "big") == "agrees"
    assert verdict.measure_name("rouge_l", "big") == "ROUGE-L"


def test_what_chance_explains_is_called_no_difference() -> None:
    found = Comparison(
        reference="base",
        model="tuned",
        measure="exact_match",
        rows=40,
        task=change(0.007, -0.012, 0.026),
        general_perplexity=change(-0.001, -0.004, 0.002),
    )
    assert verdict.sentence(found) == (
        "tuned against base: on your task no difference beyond chance (+0.7 points "
        "[−1.2 to +2.6] on 40 rows); in general no difference beyond chance (perplexity of "
        "plain text −0.1 % [−0.4 to +0.2])."
    )


@pytest.mark.parametrize(("value", "word"), [(-0.2, "better"), (0.2, "worse")])
def test_less_perplexity_is_better(value: float, word: str) -> None:
    found = Comparison(
        reference="a", model="b", measure="perplexity", rows=9, task=change(value, value - 0.1, value + 0.1)
    )
    assert verdict.on_the_task(found) == f"{word} on your task by 20 % [10 to 30] of perplexity on 9 rows"


def test_beyond_a_thousand_times_no_digits_are_claimed() -> None:
    assert verdict.times(change(-12.0, -13.0, -11.0)) == "over 1,000"


def test_reports_of_before_have_a_main_figure_too() -> None:
    assert main_figure({"exact_match": 0.5, "n": 3}) == ("exact_match", 0.5)
    assert main_figure({"measure": "rouge_l", "exact_match": 0.0, "rouge_l": 0.4}) == ("rouge_l", 0.4)
    assert main_figure({"n": 3}) is None
