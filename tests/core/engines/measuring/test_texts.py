"""When an answer counts as right, and which number it ends with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF

from core.engines.measuring import fields, texts


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("She makes 9 * 2 = $<<9*2=18>>18 every day.\n#### 18", "18"),
        ("#### 1,000", "1000"),
        ("#### $1000.00", "1000"),
        ("#### 18\nThat was 3 days.", "18"),
        ("The answer is 42.", "42"),
        ("between 3,4,5 it is 5", "5"),
        ("16-3", "3"),
        ("It fell to -3.5 degrees", "-3.5"),
        ("He lost -$20", "-20"),
        ("- 5 apples", "5"),
        ("70,000 dollars", "70000"),
        ("half, so .5", "0.5"),
        ("#### none, but 7 before", "7"),
        ("no number here", None),
        ("", None),
    ],
)
def test_the_final_number_is_found_however_it_is_written(answer: str, number: str | None) -> None:
    assert texts.final_number(answer) == (Decimal(number) if number else None)


def test_numbers_match_whatever_their_signs_and_zeros() -> None:
    assert texts.numeric_match("so it is $1,000.0", "… #### 1000")
    assert not texts.numeric_match("10000", "… #### 1000")
    assert not texts.numeric_match("I do not know", "… #### 0")


@given(st.integers(-(10**12), 10**12))
def test_every_whole_number_is_read_back_with_and_without_thousands_signs(number: int) -> None:
    assert texts.final_number(f"first 7, then #### {number}") == number
    assert texts.final_number(f"the total of 7 comes to {number:,}.") == number


@given(st.text())
def test_no_text_breaks_the_measures(text: str) -> None:
    texts.final_number(text)
    assert 0 <= texts.token_f1(text, "a b c") <= 1
    assert fields.score(text, '{"a": 1}').wanted == 1


def test_squad_forgives_case_articles_and_punctuation() -> None:
    assert texts.normalized("The  Eiffel-Tower!") == texts.normalized("eiffeltower")
    assert texts.token_f1("in the city of Paris", "Paris") == pytest.approx(0.4)
    assert texts.token_f1("", "") == 1


def test_rouge_equals_the_published_package_on_english() -> None:
    wanted, said = (
        "The quick brown fox jumps over the lazy dog",
        "A quick fox jumped over that lazy dog today",
    )
    theirs = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"]).score(wanted, said)
    assert texts.rouge(said, wanted) == pytest.approx(tuple(item.fmeasure for item in theirs.values()))


@pytest.mark.parametrize("text", ["שלום עולם טוב", "تعلم الآلة مفيد", "今日は良い天気"])
def test_rouge_reads_other_scripts(text: str) -> None:
    assert texts.rouge(text, text) == (1, 1, 1)


def test_fields_count_wherever_they_stand_and_in_any_order() -> None:
    wanted = '{"name": "Ada", "orders": [{"id": 1}, {"id": 2}], "paid": true}'
    assert fields.score('{"paid": true, "orders": [{"id": 2}, {"id": 1.0}], "name": " Ada "}', wanted).exact
    near = fields.score('{"name": "Ada", "orders": [{"id": 1}], "paid": 1}', wanted)
    assert (near.matched, near.said, near.wanted, near.exact) == (2, 3, 4, False)


def test_an_answer_around_json_is_no_json() -> None:
    broken = fields.score('Here it is: {"a": 1}', '{"a": 1}')
    assert (broken.valid, broken.matched, broken.said, broken.wanted) == (False, 0, 0, 1)
    assert not fields.score("[" * 100_000, "[]").valid


def test_bleu_and_chrf_are_those_of_sacrebleus_documentation() -> None:
    answers = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    expected = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
    others = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."]
    assert BLEU().corpus_score(answers, [expected, others]).score == pytest.approx(48.53, abs=0.005)
    assert CHRF().corpus_score(answers, [expected, others]).score == pytest.approx(59.73, abs=0.005)

    found = texts.overlap(answers, expected)

    assert found.bleu == pytest.approx(0.4507, abs=1e-4)
    assert found.chrf == pytest.approx(0.5004, abs=1e-4)
    assert found.signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp")
    assert texts.overlap(expected, expected).bleu == pytest.approx(1)


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
def test_overlap_is_a_share_whatever_the_texts(pairs: list[tuple[str, str]]) -> None:
    found = texts.overlap(*zip(*pairs, strict=True))
    assert 0 <= found.bleu <= 1 + 1e-9
    assert 0 <= found.chrf <= 1 + 1e-9


def test_rouge_of_its_documentations_example() -> None:
    text, wanted = "The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog"
    one, _two, longest = texts.rouge(text, wanted)
    assert one == pytest.approx(2 * (6 / 8) * (6 / 9) / (6 / 8 + 6 / 9))  # precision 0.75, recall 0.667
    assert longest == pytest.approx(2 * (5 / 8) * (5 / 9) / (5 / 8 + 5 / 9))
