"""Which answers of a teacher are kept, and why the others are not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.generating import chunks, filters, reading
from core.data.generating.filters import WORDS, Candidate, agree, judge_alone, judged
from core.data.generating.presets import Assignment
from core.data.generating.refusals import is_refusal
from core.specs import GenerateSpec

PLAIN = Assignment("generation", "", (), "generation")
SORTING = Assignment("classification", "", ("card_lost", "top_up", "lost"), "classification")
PICKING = Assignment("extraction", "", (), "extraction")
COUNTING = Assignment("mathematics", "", (), "generation")


def spec(**settings) -> GenerateSpec:
    return GenerateSpec(teacher="t", data="d", **settings)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot help with that.",
        "I can't assist with this request.",
        "I can’t provide that information.",
        "I'm sorry, but I can't help you with that.",
        "I am sorry, I am unable to answer this question.",
        "Sorry, I won't write that.",
        "I apologize, but I cannot fulfill this request.",
        "Unfortunately, I do not have enough information.",
        "As an AI language model, I don't have access to your account.",
        "As a large language model I am unable to browse.",
        "I must decline.",
        "I do not know.",
        "There is not enough information to answer.",
        "This request violates our guidelines.",
        '"I cannot answer that."',
    ],
)
def test_a_refusal_is_told(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "card_lost",
        "Block the card in the app. If you cannot find it, call us.",
        "The customer is sorry that he cannot help.",
        "I'm sorry to hear that you lost your card. Please block it in the app first.",
        "You cannot top up by cheque.",
        "It cannot be said; the passage gives no date, so neutral.",
        "Sorry is a word of apology.",
        "Answer: 42",
        "I can help with that: open the app.",
        "",
    ],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("card_lost", "card_lost"),
        (" Card_Lost. ", "card_lost"),
        ('"top_up"', "top_up"),
        ("The category is top_up.", "top_up"),
        ("**top_up**\nbecause it is about money", "top_up"),
        ("top_up or lost", None),
        ("none of them", None),
        ("topup", None),
    ],
)
def test_a_label_is_read_only_where_one_is_said(text: str, label: str | None) -> None:
    assert reading.label(text, SORTING.labels) == label


def test_the_longest_label_wins_where_one_holds_another() -> None:
    assert reading.label("it is a lost card", ("card", "lost card")) == "lost card"


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("3 + 4 = 7\nAnswer: 7", "7"),
        ("So she has 1,250 apples.\n#### 1,250", "1250"),
        ("Answer: $18.00", "18"),
        ("The answer is -3.50 degrees", "-3.5"),
        ("There are 4 in the first and 9 in the second box.", "9"),
        ("Answer: 0", "0"),
        ("none", None),
    ],
)
def test_the_final_figure_of_a_solution(text: str, figure: str | None) -> None:
    assert reading.figure(text) == figure


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.text(alphabet="abc .\n", max_size=40))
def test_a_figure_survives_whatever_stands_before_it(value, before: str) -> None:
    assert float(reading.figure(f"{before} 7 \nAnswer: {value:,}") or "nan") == float(value)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("4", 4),
        ("Mark: 5", 5),
        ("5/5", 5),
        ("4 out of 5", 4),
        ("I give it a 3.", 3),
        ("10", None),
        ("none", None),
    ],
)
def test_a_mark_is_read(text: str, mark: int | None) -> None:
    assert reading.mark(text) == mark


@pytest.mark.parametrize(
    "text",
    [
        '{"question": "Where?", "answer": "There."}',
        'Sure!\n```json\n{"question": "Where?", "answer": "There."}\n```',
        "Question: Where?\nAnswer: There.",
        '**Question:** "Where?"\n\n**Answer:** There.',
    ],
)
def test_a_question_with_its_answer_is_read(text: str) -> None:
    pair = reading.pair(text)
    assert pair is not None
    assert (pair[0].strip("* "), pair[1].strip("* ")) == ("Where?", "There.")


@given(st.text(max_size=300))
def test_reading_never_fails(text: str) -> None:
    reading.pair(text)
    reading.question(text)
    reading.figure(text)
    reading.mark(text)
    reading.label(text, ("a", "b c", "(", "x*"))
    is_refusal(text)


@pytest.mark.parametrize(
    ("text", "work", "settings", "reason"),
    [
        ("", PLAIN, {}, "empty"),
        (" \n", PLAIN, {}, "empty"),
        ("nul \0", PLAIN, {}, "not_text"),
        ("I cannot help with that.", PLAIN, {}, "refusal"),
        ("I cannot help with that.", PLAIN, {"drop_refusals": False}, None),
        ("short", PLAIN, {"min_characters": 6}, "too_short"),
        ("longer", PLAIN, {"max_characters": 5}, "too_long"),
        ("no label", SORTING, {}, "no_label"),
        ("Top_Up!", SORTING, {}, None),
        ("not json", PICKING, {}, "no_json"),
        ("not json", PICKING, {"valid_json": False}, None),
        ('```json\n{"a": 1}\n```', PICKING, {}, None),
        ("[1]", PICKING, {}, "no_json"),
    ],
)
def test_an_answer_alone(text: str, work: Assignment, settings: dict, reason: str | None) -> None:
    assert judge_alone(Candidate(0, text), "", spec(**settings), work).reason == reason


def test_a_cut_answer_is_dropped_unless_wanted() -> None:
    cut = Candidate(0, "and so on and", cut=True)
    assert judge_alone(cut, "", spec(), PLAIN).reason == "cut"
    assert judge_alone(cut, "", spec(drop_cut=False), PLAIN).reason is None


def test_a_label_is_kept_as_the_data_writes_it() -> None:
    assert judge_alone(Candidate(0, "The label: TOP_UP"), "", spec(), SORTING).text == "top_up"


@pytest.mark.parametrize(
    ("text", "expected", "work", "kept"),
    [
        ("top_up", "top_up", SORTING, True),
        ("lost", "top_up", SORTING, False),
        ("6 * 7 = 42\nAnswer: 42", "40 + 2\n#### 42.0", COUNTING, True),
        ("Answer: 41", "#### 42", COUNTING, False),
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}', PICKING, True),
        ("Paris.", "paris", PLAIN, True),
        ("anything", "", PLAIN, True),
    ],
)
def test_an_answer_against_the_datas_own(text: str, expected: str, work: Assignment, kept: bool) -> None:
    found = judge_alone(Candidate(0, text), expected, spec(check_label=True), work)
    assert (found.reason is None) == kept


def test_the_majority_of_several_answers_stays_once() -> None:
    three = [Candidate(at, text) for at, text in enumerate(["top_up", "Top_up.", "lost"])]
    kept = [item for item in agree(three, 0.6, "classification") if item.reason is None]
    assert [item.number for item in kept] == [0]
    assert all(item.reason == "disagreement" for item in agree(three, 0.7, "classification"))
    assert agree(three, 0.0, "classification") == three


def test_solutions_agree_by_their_final_figure() -> None:
    ways = [
        Candidate(0, "2 + 2\nAnswer: 4"),
        Candidate(1, "4 by counting. Answer: 4"),
        Candidate(2, "Answer: 5"),
    ]
    assert [item.reason for item in agree(ways, 0.5, "mathematics")] == [None, "disagreement", "disagreement"]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), min_size=1, max_size=8),
    st.floats(0.01, 1.0),
)
def test_agreement_keeps_at_most_one_and_never_revives(said: list[tuple[str, bool]], share: float) -> None:
    given_ = [Candidate(at, text, reason="empty" if bad else None) for at, (text, bad) in enumerate(said)]
    found = agree(given_, share, "generation")
    kept = [item for item in found if item.reason is None]
    assert len(kept) <= 1
    assert all(after.reason == "empty" for before, after in zip(given_, found, strict=True) if before.reason)
    if kept:
        votes = sum(1 for item in given_ if item.reason is None and item.text == kept[0].text)
        assert votes / len(said) >= share


def test_a_judge_drops_what_is_below_the_mark() -> None:
    one = Candidate(0, "text")
    assert judged(one, "4", 4).reason is None
    assert judged(one, "3", 4).reason == "judged_low"
    assert judged(one, "well", 4).reason == "no_mark"


def test_every_reason_has_words() -> None:
    sentence = filters.sentence(dict.fromkeys(WORDS, 2))
    assert all(words in sentence for words in WORDS.values())
    assert filters.sentence({}) == ""


@given(st.text(alphabet="ab .\n!é", max_size=2000), st.integers(200, 600))
def test_pieces_hold_the_whole_text_and_none_is_too_long(text: str, characters: int) -> None:
    found = list(chunks.pieces(text, characters))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(piece) <= characters for piece in found)


def test_a_piece_ends_at_a_paragraph_where_there_is_one() -> None:
    text = "A sentence. " * 12 + "\n\n" + "Another one. " * 12
    assert next(chunks.pieces(text, 200)).endswith("sentence.")


def test_json_objects_are_compared_by_content() -> None:
    assert filters.said("extraction")(json.dumps({"b": [1, 2], "a": "x"})) == filters.said("extraction")(
        '{ "a" : "x", "b":[1,2] }'
    )
