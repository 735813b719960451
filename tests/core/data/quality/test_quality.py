"""A closer look at small data sets, and versions in which it finds nothing more."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE

from core.data import dataset, starter
from core.data.dataset import SPLITS, Dataset
from core.data.lengths import Tokens
from core.data.quality import too_long
from core.data.quality.findings import Finding
from core.data.quality.fixing import Fixing
from core.data.quality.inspection import inspect
from core.data.quality.languages import language_of
from core.data.quality.misspelt import misspelt
from core.errors import CancelledError, InputError
from core.specs import FixDataSpec, ImportDataSpec, InspectDataSpec

ALL_FIXES = (
    {"fix": "near_duplicates"},
    {"fix": "contradictions", "keep": "majority"},
    {"fix": "leakage"},
    {"fix": "too_long", "max_length": 64},
    {"fix": "personal"},
    {"fix": "language", "keep": "en"},
    {"fix": "balance", "action": "repeat"},
)
WORDS = ("cash", "fee", "limit", "refund", "address", "currency", "statement", "travel", "gift", "photo")


def make(
    folder: Path, train: list[tuple[str, str]], test: list[tuple[str, str]], labels: bool = True
) -> Dataset:
    """A data set whose training and test rows are exactly these."""
    role = "label" if labels else "assistant"
    paths = []
    for name, rows in (("train", train), ("test", test)):
        path = folder.with_name(f"{folder.name}-{name}.jsonl")
        path.write_text("".join(json.dumps({"user": a, role: b}) + "\n" for a, b in rows), encoding="utf-8")
        paths.append(path)
    folder.mkdir()
    spec = ImportDataSpec(
        source=str(paths[0]),
        test_source=str(paths[1]),
        name="x",
        roles={"user": "user", role: role},
        validation_fraction=0.0,
    )
    dataset.build(spec, folder)
    return Dataset(folder)


def look(data: Dataset, **settings: Any) -> dict[str, Finding]:
    spec = InspectDataSpec(data="x", **settings)
    return {finding.id: finding for finding in inspect(data, spec, "digest").findings}


def fix(data: Dataset, folder: Path, *fixes: dict[str, Any]) -> Dataset:
    folder.mkdir()
    spec = FixDataSpec.model_validate({"data": "x", "name": "y", "fixes": fixes})
    Fixing(data, spec, "digest").write(folder)
    return Dataset(folder)


def questions(data: Dataset, split: str = "train") -> list[str]:
    return [data.messages(row)[0]["content"] for row in data.rows(split)]  # type: ignore[arg-type]


@pytest.fixture
def nasty(tmp_path: Path) -> Dataset:
    train = [(f"What about the {word} of my {other} please?", word) for word in WORDS for other in WORDS[:6]]
    train += [
        ("How can I change the secret number of my new card today?", "pin"),
        ("How can I change the secret number of my new card today", "pin"),
        ("I would like to close my account for ever", "close"),
        ("I would like to close my account for ever", "close"),
        ("I would LIKE to close my account for ever", "travel"),
        ("Does the bank open on Sunday morning in this town?", "fee"),
        ("Write to me at anna@example.org about all this", "photo"),
        ("Wo bleibt denn meine neue Karte, ich warte schon seit zwei Wochen", "gift"),
        ("The card was declined and accepted again. " * 30, "limit"),
    ]
    test = [
        ("Does the bank open on Sunday morning in this town", "fee"),
        ("Où est ma nouvelle carte? Je l'attends depuis deux semaines déjà", "gift"),
        ("Please answer bob@example.org", "photo"),
        ("A long test row that stays. " * 40, "limit"),
    ]
    return make(tmp_path / "nasty", train, test)


def test_each_weakness_is_found_with_rows_to_look_at(nasty: Dataset) -> None:
    found = look(nasty, max_length=64)
    assert found["near_duplicates"].count >= 2
    assert found["contradictions"].count == 3
    assert found["leakage"].figures["test"] == 1
    assert found["too_long"].figures == {
        "lost_answers": 0,
        "longest": found["too_long"].figures["longest"],
        "train": 1,
        "validation": 0,
        "test": 1,
    }
    assert found["personal"].figures == {"mail": 2}
    assert found["language"].count == 2
    assert found["imbalance"].severity in ("note", "warn")
    for finding in found.values():
        assert finding.examples
        assert all(mark.end <= len(row.text) for row in finding.examples for mark in row.marks)
    assert not any("@" in row.text for row in found["personal"].examples)


def test_fixes_make_a_version_in_which_nothing_is_left_and_a_second_time_changes_nothing(
    nasty: Dataset, tmp_path: Path
) -> None:
    before = {split: (nasty.folder / f"{split}.jsonl").read_bytes() for split in SPLITS}
    fixed = fix(nasty, tmp_path / "fixed", *ALL_FIXES)
    found = look(fixed, max_length=64)
    assert found["contradictions"].count == found["leakage"].count == found["personal"].count == 0
    assert found["too_long"].figures["train"] == 0
    again = fix(fixed, tmp_path / "again", *ALL_FIXES)
    for split in SPLITS:
        assert (fixed.folder / f"{split}.jsonl").read_bytes() == (
            again.folder / f"{split}.jsonl"
        ).read_bytes()
        assert (nasty.folder / f"{split}.jsonl").read_bytes() == before[split], "the old one stays"


def test_the_new_version_says_what_it_was_made_from_and_what_was_left_out(
    nasty: Dataset, tmp_path: Path
) -> None:
    fixed = fix(nasty, tmp_path / "fixed", *ALL_FIXES)
    made = fixed.info.made_from
    assert made is not None
    assert (made.id, made.name, made.digest) == ("x", "x", "digest")
    dropped = sum(step.dropped for step in made.steps)
    added = sum(step.added for step in made.steps)
    assert nasty.count("train") - dropped + added == fixed.count("train")
    assert fixed.info.split.left_out["leakage"] == 1
    assert fixed.info.split.left_out["contradictions"] == 1


def test_test_rows_are_masked_and_never_dropped(nasty: Dataset, tmp_path: Path) -> None:
    fixed = fix(
        nasty,
        tmp_path / "fixed",
        {"fix": "too_long", "max_length": 64},
        {"fix": "language", "keep": "en"},
        {"fix": "personal", "action": "drop"},
    )
    assert fixed.count("test") == nasty.count("test")
    assert "Please answer [mail]" in questions(fixed, "test")
    assert not any("@" in text or "[mail]" in text for text in questions(fixed))
    assert fixed.info.made_from is not None
    assert any("never dropped" in step.sentence for step in fixed.info.made_from.steps)


def test_the_majority_answer_stays_and_without_one_all_go(tmp_path: Path) -> None:
    rows = [
        ("Is it one?", "yes"),
        ("is it one?", "yes"),
        ("Is it  one?", "no"),
        ("Two?", "yes"),
        ("two?", "no"),
    ]
    data = make(tmp_path / "d", [*rows, ("Three, and alone", "yes")], [("Unlike the others", "no")])
    majority = fix(data, tmp_path / "majority", {"fix": "contradictions", "keep": "majority"})
    assert questions(majority) == ["Is it one?", "is it one?", "Three, and alone"]
    none = fix(data, tmp_path / "none", {"fix": "contradictions"})
    assert questions(none) == ["Three, and alone"]


def test_a_question_answered_differently_in_another_split_is_named_with_its_lines(tmp_path: Path) -> None:
    train = [("Where is my card?", "lost"), ("How do I pay?", "pay"), ("My PIN is wrong", "pin")]
    data = make(tmp_path / "d", train, [("Something else", "pay"), ("where is MY card", "late")])
    data = contradict(data, "validation", "How do I pay?", "fee")

    finding = look(data)["contradictions"]

    assert {(row.split, row.line, row.answer) for row in finding.examples} == {
        ("train", 1, "lost"),
        ("test", 2, "late"),
        ("train", 2, "pay"),
        ("validation", 1, "fee"),
    }
    assert (finding.count, finding.figures["test"], finding.figures["validation"]) == (4, 1, 1)
    assert "1 test row and 1 validation row are among them" in finding.sentence


@pytest.mark.parametrize("keep", ["none", "majority"])
def test_what_contradicts_the_test_is_not_learnt_and_the_test_stays(tmp_path: Path, keep: str) -> None:
    train = [("Where is it", "b"), ("where is it", "b"), ("WHERE is it", "a"), ("Alone", "a")]
    data = make(tmp_path / "d", train, [("Where is it?", "a")])
    before = (data.folder / "test.jsonl").read_bytes()

    fixed = fix(data, tmp_path / "fixed", {"fix": "contradictions", "keep": keep})

    # not even the row that says what the test says: its answers do not choose what is learnt
    assert questions(fixed) == ["Alone"]
    assert (fixed.folder / "test.jsonl").read_bytes() == before
    assert fixed.info.made_from is not None
    (step,) = fixed.info.made_from.steps
    assert (step.dropped, step.kept_in_test) == (3, 1)
    assert "1 such test row kept" in step.sentence
    assert look(fixed)["contradictions"].count == 0


def test_free_answers_that_differ_across_splits_are_found_and_two_test_rows_are_left_alone(
    tmp_path: Path,
) -> None:
    train = [("Where is it?", "It is in the drawer"), ("Alone", "Nothing to say")]
    test = [("Where is it", "Nobody knows at all"), ("Twice", "One thing here"), ("Twice", "Others there")]
    data = make(tmp_path / "d", train, test, labels=False)

    finding = look(data)["contradictions"]

    assert {(row.split, row.line) for row in finding.examples} == {("train", 1), ("test", 1)}


def contradict(data: Dataset, split: str, question: str, label: str) -> Dataset:
    """The data set with one row more."""
    with open(data.folder / f"{split}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"row": 99, "values": {"user": question, "label": label}}) + "\n")
    info = json.loads((data.folder / "dataset.json").read_text())
    info["counts"][split] += 1
    (data.folder / "dataset.json").write_text(json.dumps(info))
    return Dataset(data.folder)


def test_like_sums_with_other_figures_are_no_contradiction(tmp_path: Path) -> None:
    rows = [(f"Please add up these two numbers for me now: {n} and 7", f"It is {n + 7}") for n in range(12)]
    found = look(make(tmp_path / "d", rows, [("Something else entirely", "yes")], labels=False))
    assert found["contradictions"].count == found["near_duplicates"].count == 0


def test_frequent_labels_are_capped_and_rare_ones_repeated(tmp_path: Path) -> None:
    rows = [(f"{WORDS[n % 10]} question {n} of {WORDS[n % 7]}", "often") for n in range(60)]
    rows += [(f"rare {word} thing", "rare") for word in WORDS[:6]]
    data = make(tmp_path / "d", rows, [("Unlike the others", "rare")])
    capped = fix(data, tmp_path / "cap", {"fix": "balance", "action": "cap"})
    assert Counter(map(capped.label, capped.rows("train"))) == {"often": 18, "rare": 6}
    repeated = fix(data, tmp_path / "repeat", {"fix": "balance", "action": "repeat"})
    assert Counter(map(repeated.label, repeated.rows("train"))) == {"often": 60, "rare": 20}


def test_a_label_that_is_most_likely_mistyped_is_named_and_not_repeated(tmp_path: Path) -> None:
    rows = [(f"{WORDS[n % 10]} question {n} of {WORDS[n % 7]}", "card arrival") for n in range(60)]
    rows += [(f"rare {word} thing", "lost card") for word in WORDS[:6]]
    rows += [("where is it then", "card arival"), ("it was never here", "card refused")]
    data = make(tmp_path / "d", rows, [("Unlike the others", "lost card")])
    said = look(data)["imbalance"]
    assert said.severity == "warn"
    assert "`card arival` (card arrival?)" in said.sentence
    assert ("mistyped?", "card arival") in [(row.note, row.answer) for row in said.examples]
    repeated = fix(data, tmp_path / "repeat", {"fix": "balance", "action": "repeat"})
    labels = Counter(map(repeated.label, repeated.rows("train")))
    assert (labels["card arival"], labels["card refused"]) == (1, 10)
    assert repeated.info.made_from is not None
    assert "may be mistyped: `card arival`" in repeated.info.made_from.steps[0].sentence


@pytest.mark.parametrize("label", ["level 1", "card arivla", "spam", "card arrivals now"])
def test_figures_short_labels_and_other_words_are_no_typing_errors(label: str) -> None:
    assert misspelt({"level 2": 50, "card arrival": 50, "span": 50, label: 1}, 5) == {}


@pytest.mark.parametrize("label", ["card arrivla", "Card  Arrival", "card_arrival", "card arrrival"])
def test_a_letter_swapped_doubled_or_another_is_a_typing_error(label: str) -> None:
    assert misspelt({"card arrival": 5, label: 1}, 5) == {label: "card arrival"}
    assert misspelt({"card arrival": 5, label: 2}, 5) == {}, "nobody errs twice alike"


def test_a_fix_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    data = make(tmp_path / "d", [("a@b.example", "x"), ("c@d.example", "y")], [("Unlike", "x")])
    with pytest.raises(InputError, match="Nothing would be left"):
        fix(data, tmp_path / "f", {"fix": "personal", "action": "drop"})


def test_the_starter_data_is_in_good_order(tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    folder.mkdir()
    dataset.build(
        ImportDataSpec(source=str(starter.train()), test_source=str(starter.test()), name="x"), folder
    )
    found = look(Dataset(folder))
    fine = {name for name, finding in found.items() if finding.severity == "fine"}
    assert fine == {"contradictions", "personal", "too_long", "imbalance", "language"}
    assert found["leakage"].count == 2
    assert found["near_duplicates"].count == 5


def test_texts_without_questions_are_looked_at_and_nothing_of_them_is_cut(tmp_path: Path) -> None:
    source = tmp_path / "stories.txt"
    source.write_text("\n\n".join(f"Paragraph {number} of a story. " * 40 for number in range(30)))
    (tmp_path / "d").mkdir()
    dataset.build(ImportDataSpec(source=str(source), name="x"), tmp_path / "d")
    data = Dataset(tmp_path / "d")

    assert "in pieces" in look(data, max_length=16)["too_long"].sentence
    fixed = fix(data, tmp_path / "fixed", {"fix": "too_long", "max_length": 16})
    assert fixed.info.counts == data.info.counts


def test_a_row_is_as_long_as_the_model_counts_and_is_named_by_its_line(tmp_path: Path) -> None:
    letters = Tokenizer(BPE({"a": 0}, []))
    tokens = Tokens("the lettered", lambda texts: letters.encode_batch(list(texts)), lambda roles: 3)
    data = make(tmp_path / "d", [("aaaa", "x"), ("aaaaaaaa" * 3, "y")], [("b", "x")])

    spec = InspectDataSpec(data="x", max_length=16)
    report = inspect(data, spec, "digest", tokens=tokens)
    (finding,) = (each for each in report.findings if each.id == "too_long")

    assert finding.figures["longest"] == 27
    assert [(row.split, row.line) for row in finding.examples] == [("train", 2)]
    assert "tokens of the lettered" in finding.sentence
    assert look(data, max_length=16)["too_long"].figures["longest"] < 27


def test_an_answer_that_does_not_fit_beside_the_template_is_lost(tmp_path: Path) -> None:
    letters = Tokenizer(BPE({"a": 0}, []))
    tokens = Tokens("the lettered", lambda texts: letters.encode_batch(list(texts)), lambda roles: 10)
    data = make(tmp_path / "d", [("aa", "a" * 6), ("aaa", "a" * 7)], [("b", "a")], labels=False)

    finding = too_long.find(data, 16, tokens=tokens)

    assert (finding.count, finding.figures["lost_answers"]) == (2, 1)


def test_a_look_can_be_ended(nasty: Dataset) -> None:
    def stop(_done: int, _total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        inspect(nasty, InspectDataSpec(data="x"), "digest", stop)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo bleibt denn meine neue Karte, ich warte schon", "de"),
        ("אני עדיין מחכה לכרטיס שלי כבר שבועיים", "he"),
        ("ok thanks", ""),
        ("1234 5678 9012 3456", ""),
    ],
)
def test_a_language_is_told_only_from_enough_text(text: str, language: str) -> None:
    assert language_of(text) == language
