"""Every kind of task has its measures, and an interval that says what chance could do."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.measuring import quality
from core.engines.measuring.quality import Judged, Said
from core.models import intervals
from core.models.intervals import Sums

LONG = "one two three four five six seven eight nine ten"


def judge(task: str, pairs: list[tuple[str, str]], labels: tuple[str, ...] = ()) -> Judged:
    """Judges (answer, expected) pairs; every right answer has 2 tokens at 1 nat each."""
    measure = quality.measure_of(task, [expected for _, expected in pairs])
    return quality.judge(task, measure, [Said(text, wanted, 2.0, 2) for text, wanted in pairs], labels)


def test_classification_counts_labels_and_answers_that_are_none() -> None:
    found = judge("classification", [("a", "a"), ("a ", "a"), ("b", "a"), ("x", "b")], ("a", "b")).quality
    assert (found.measure, found.accuracy, found.unknown_answers, found.n) == ("accuracy", 0.5, 1, 4)
    assert found.macro_f1 == pytest.approx((0.8 + 0) / 2)
    assert found.ci95 == pytest.approx(intervals.wilson(2, 4))
    assert found.perplexity == pytest.approx(np.e)


def test_extraction_counts_fields() -> None:
    found = judge("extraction", [('{"a": 1, "b": 2}', '{"a": 1, "b": 3}'), ("?", '{"a": 1}')]).quality
    assert (found.measure, found.json_valid, found.exact_match) == ("field_f1", 0.5, 0)
    assert (found.field_precision, found.field_recall) == (0.5, pytest.approx(1 / 3))
    assert found.field_f1 == pytest.approx(0.4)
    assert found.ci95[0] <= 0.4 <= found.ci95[1]


def test_questions_are_answered_exactly_or_in_part() -> None:
    found = judge("question_answering", [("the Nile", "Nile"), ("river Nile", "Nile")]).quality
    assert (found.measure, found.exact_match) == ("exact_match", 0.5)
    assert found.token_f1 == pytest.approx((1 + 2 / 3) / 2)


def test_expected_answers_with_a_final_number_are_measured_by_it() -> None:
    pairs = [("so 3+4 = 7", "3+4=7\n#### 7"), ("#### 8", "#### 9")]
    for task in ("generation", "question_answering", "chat"):
        found = judge(task, pairs).quality
        assert (found.measure, found.numeric_match, found.exact_match) == ("numeric_match", 0.5, 0)


def test_long_texts_are_measured_by_rouge_and_short_ones_letter_by_letter() -> None:
    assert judge("summarization", [("a", "a")]).quality.measure == "rouge_l"
    assert judge("generation", [("yes", "yes")]).quality.measure == "exact_match"
    found = judge("generation", [(LONG, LONG), ("nothing alike", LONG)]).quality
    assert (found.measure, found.rouge_l, found.exact_match) == ("rouge_l", 0.5, 0.5)


def test_plain_text_has_a_perplexity_and_nothing_else() -> None:
    found = judge("pretraining", [("", "a text"), ("", "another")]).quality
    shown = found.model_dump(exclude_none=True)
    assert set(shown) == {"measure", "n", "ci95", "perplexity", "perplexity_tokens"}
    assert found.ci95 == pytest.approx((np.e, np.e))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (300, 300, 0.9874, 1.0)]
)
def test_wilson_agrees_with_the_published_values(hits: int, n: int, low: float, high: float) -> None:
    assert intervals.wilson(hits, n) == pytest.approx((low, high), abs=1e-3)


def test_percentiles_interpolate() -> None:
    assert intervals.percentile([1, 2, 3, 4], 0.5) == 2.5
    assert intervals.percentile([7.0], 0.95) == 7.0


def test_what_both_models_get_right_does_not_blur_their_difference() -> None:
    first = Sums(np.array([[1.0]] * 90 + [[0.0]] * 10), "share")
    second = Sums(np.ones((100, 1)), "share")
    found = intervals.difference(first, second)
    assert found.value == pytest.approx(0.1)
    assert 0.03 < found.ci95[0] < found.ci95[1] < 0.18
    assert found.p_value == pytest.approx(2 / 2**10)
    same = intervals.difference(first, first)
    assert (same.value, same.p_value) == (0, 1)
    assert same.ci95[0] < 0 < same.ci95[1]


def test_mcnemar_is_the_same_exactly_and_approximately() -> None:
    assert intervals.mcnemar(520, 480) == pytest.approx(0.2174, abs=2e-3)
    assert intervals.mcnemar(519, 479) == pytest.approx(intervals.mcnemar(520, 480), abs=2e-3)


def test_the_bootstrap_of_a_mean_agrees_with_the_normal_interval_and_repeats() -> None:
    values = np.random.default_rng(3).normal(0.5, 0.1, (400, 1))
    low, high = Sums(values, "mean").interval()
    spread = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - spread, values.mean() + spread), abs=1e-3)
    assert Sums(values, "mean").interval() == (low, high)


def test_perplexity_changes_by_a_share() -> None:
    tokens = np.full(8, 100.0)
    nll = np.random.default_rng(4).normal(300, 20, 8)
    found = intervals.difference(
        Sums(np.column_stack([nll, tokens]), "perplexity"),
        Sums(np.column_stack([nll + 10, tokens]), "perplexity"),
    )
    assert found.value == pytest.approx(np.exp(0.1) - 1)
    assert found.ci95 == pytest.approx((found.value, found.value))
