"""What the check finds, and what a data set does with it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from core.data import check, dataset, lengths, roles, starter
from core.errors import InputError, IntegrityError
from core.specs import ImportDataSpec


def _csv(path: Path, rows: list[tuple[str, ...]], heading: tuple[str, ...] = ("text", "label")) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path


def _jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def _build(tmp_path: Path, source: Path, **fields: object) -> dataset.Dataset:
    folder = tmp_path / "out"
    folder.mkdir()
    dataset.build(ImportDataSpec.model_validate({"source": str(source), "name": "x", **fields}), folder)
    return dataset.Dataset(folder)


def test_the_starter_data_is_clean(tmp_path: Path) -> None:
    found = _build(tmp_path, starter.train(), test_source=str(starter.test()))
    assert found.info.counts == {"train": 1350, "validation": 150, "test": 300}
    assert found.info.check.warnings == []
    assert found.info.task == "classification"
    assert found.info.labels is not None
    assert len(found.info.labels) == 77
    example = next(found.rows("test"))
    assert found.messages(example)[-1] == {"role": "assistant", "content": found.label(example)}


def test_texts_of_the_test_file_are_not_learnt(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [(f"question {n}", "ab"[n % 2]) for n in range(40)])
    test = _csv(tmp_path / "t.csv", [("Question  7 ", "a"), ("new", "b"), ("", "a")])

    found = _build(tmp_path, source, test_source=str(test))

    assert found.info.check.leakage == 1
    assert found.info.split.left_out == {"empty": 1, "leakage": 1}
    assert found.info.counts == {"train": 35, "validation": 4, "test": 2}
    learnt = [str(row.values["text"]) for split in ("train", "validation") for row in found.rows(split)]  # type: ignore[arg-type]
    assert "question 7" not in learnt
    assert "also in the test file" in " ".join(found.info.check.warnings)


def test_a_test_file_with_every_text_leaves_nothing_to_learn(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [("one", "a"), ("two", "b")])
    with pytest.raises(InputError, match="refused") as caught:
        _build(tmp_path, source, test_source=str(source))
    assert caught.value.code == "data.leakage"


def test_a_test_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [("one", "a"), ("two", "b")])
    test = _csv(tmp_path / "t.csv", [("three", "b")], ("text", "category"))
    report = check.check(source, test=test)
    assert [refusal.code for refusal in report.refusals] == ["data.columns"]


def test_empty_values_duplicates_conflicts_and_control_tokens_are_counted(tmp_path: Path) -> None:
    rows = [
        ("a", "x"),
        ("a", "x"),
        (" A", "y"),
        ("", "x"),
        ("b", "  "),
        ("<|im_start|>user", "y"),
        ("c", "x"),
    ]
    report = check.check(_csv(tmp_path / "a.csv", rows))
    assert report.rows == 7
    assert report.empty == {"user": 1, "label": 1}
    assert report.empty_rows == 2
    assert report.duplicates == 1
    assert report.conflicting == 1
    assert report.special_tokens == 1
    assert report.labels is not None
    assert [(label.label, label.rows) for label in report.labels.top] == [("x", 3), ("y", 2)]
    text = " ".join(report.warnings)
    assert "first at line 7" in text
    assert "Only 5 usable rows" in text


def test_duplicates_stay_and_stay_together(tmp_path: Path) -> None:
    rows = [(f"text {n % 30}", "a") for n in range(90)]
    found = _build(tmp_path, _csv(tmp_path / "a.csv", rows))
    assert sum(found.info.counts.values()) == 90
    sides = [{str(row.values["text"]) for row in found.rows(split)} for split in dataset.SPLITS]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


def test_lengths_count_the_chat_template_and_read_control_tokens_as_text(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(starter.tokenizer()))
    report = check.check(_csv(tmp_path / "a.csv", [("How do I pay?", "pay"), ("<|im_start|>", "pay")]))
    chat = "<|im_start|>user\nHow do I pay?<|im_end|>\n<|im_start|>assistant\npay<|im_end|>\n"
    assert report.lengths is not None
    assert report.lengths.minimum == len(tokenizer.encode(chat).ids)
    assert report.lengths.maximum > report.lengths.minimum
    assert sum(report.lengths.counts) == report.lengths.rows == 2


def test_lengths_of_many_rows_are_a_fair_sample() -> None:
    counter = lengths.LengthCounter(seed=0)
    rows = lengths.SAMPLE * 5
    for place in range(rows):
        counter.add("a" if place < rows // 2 else "a a a a a a a a a a a", 0)
    found = counter.result()
    assert found is not None
    assert found.sampled
    assert found.rows == lengths.SAMPLE
    assert found.mean == pytest.approx(6, abs=0.2)


def test_chats_of_both_dialects_are_stored_in_one_form(tmp_path: Path) -> None:
    sharegpt = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]
    openai = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Bye"},
        {"role": "assistant", "content": "Farewell"},
    ]
    source = _jsonl(
        tmp_path / "a.jsonl",
        [
            {"conversations": [dict(item) for item in chat], "id": n}
            for n, chat in enumerate([sharegpt, openai] * 10)
        ],
    )
    found = _build(tmp_path, source)
    assert found.info.task == "chat"
    assert found.info.roles == {"messages": "messages"}
    assert found.info.check.roles == {"messages": "conversations"}
    example = next(row for row in found.rows("train") if row.row % 2)
    assert example.values["messages"] == found.messages(example)
    assert found.messages(example) == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    assert example.values["id"] == str(example.row - 1)


def test_a_chat_in_a_spreadsheet_cell_is_read(tmp_path: Path) -> None:
    chat = json.dumps([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])
    report = check.check(_csv(tmp_path / "a.csv", [("1", chat), ("2", chat)], ("id", "messages")))
    assert report.task == "chat"
    assert report.refusals == []


def test_a_file_that_changed_since_the_job_was_made_is_refused(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [("one", "a"), ("two", "b")])
    with pytest.raises(InputError) as caught:
        _build(tmp_path, source, source_sha256="0" * 64)
    assert caught.value.code == "data.changed"


def test_a_damaged_description_is_an_integrity_error(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(IntegrityError):
        dataset.Dataset(tmp_path)


def test_progress_counts_both_readings_up_to_the_end(tmp_path: Path) -> None:
    source = _csv(tmp_path / "a.csv", [(f"text {n}", "a") for n in range(9000)])
    seen: list[tuple[int, int]] = []
    dataset.build(
        ImportDataSpec(source=str(source), name="x"), tmp_path, lambda done, total: seen.append((done, total))
    )
    size = source.stat().st_size
    assert seen[-1] == (2 * size, 2 * size)
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("question", "answer"), {"user": "question", "assistant": "answer"}),
        (("Text", "Category"), {"user": "Text", "label": "Category"}),
        (
            ("instruction", "input", "output"),
            {"user": "instruction", "input": "input", "assistant": "output"},
        ),
        (("prompt", "completion"), {"user": "prompt", "assistant": "completion"}),
        (("system", "query", "response"), {"system": "system", "user": "query", "assistant": "response"}),
        (("id", "utterance", "intent"), {"user": "utterance", "label": "intent"}),
        (("input", "target"), {"user": "input", "assistant": "target"}),
        (
            ("instruction", "context", "response", "category"),
            {"user": "instruction", "input": "context", "assistant": "response"},
        ),
        (("alpha", "beta"), {}),
    ],
)
def test_roles_are_guessed_by_names(
    tmp_path: Path, columns: tuple[str, ...], expected: dict[str, str]
) -> None:
    path = _csv(tmp_path / "a.csv", [tuple(f"{name} {n}" for name in columns) for n in range(8)], columns)
    report = check.check(path)
    assert report.roles == expected
    assert report.roles_guessed
    assert [refusal.code for refusal in report.refusals] == ([] if expected else ["data.roles"])


def test_roles_are_guessed_by_repeating_values(tmp_path: Path) -> None:
    rows = [(f"some longer words {n}", "ab"[n % 2]) for n in range(10)]
    assert check.check(_csv(tmp_path / "a.csv", rows, ("alpha", "beta"))).roles == {
        "user": "alpha",
        "label": "beta",
    }


def test_a_mapping_is_parsed_and_refused_in_words() -> None:
    assert roles.parse(["user=text", "label=a=b"]) == {"user": "text", "label": "a=b"}
    for wrong in (["text"], ["boss=text"], ["user="], ["user=a", "user=b"]):
        with pytest.raises(InputError) as caught:
            roles.parse(wrong)
        assert caught.value.code == "data.roles"


def test_an_instruction_and_its_input_make_one_question() -> None:
    mapping = {"user": "instruction", "input": "input", "assistant": "output", "system": "s"}
    values = {"instruction": "Add.", "input": "1 2", "output": "3", "s": "Be short."}
    assert roles.messages_of(dict(values), mapping) == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Add.\n\n1 2"},
        {"role": "assistant", "content": "3"},
    ]


def test_a_date_that_repeats_hides_no_department(tmp_path: Path) -> None:
    heading = ("id", "date", "text", "department")
    rows = [(str(n), f"2026-01-{n % 9 + 1:02d}", f"question {n}", "ab"[n % 2]) for n in range(40)]
    found = _build(tmp_path, _csv(tmp_path / "a.csv", rows, heading))
    assert found.info.roles == {"user": "text", "label": "department"}


def test_labels_that_differ_in_spelling_only_are_all_named(tmp_path: Path) -> None:
    labels = ("Billing", "billing", "Shipping", "Shipping ", "Returns")
    rows = [(f"question {n}", labels[n % 5]) for n in range(60)]
    said = " ".join(_build(tmp_path, _csv(tmp_path / "a.csv", rows)).info.check.warnings)
    assert "`Billing` and `billing`" in said
    assert "`Shipping` and `Shipping `" in said
    assert "a label of its own" in said


def test_labels_with_few_rows_are_named_with_their_counts_the_rarest_first(tmp_path: Path) -> None:
    counts = {"billing": 20, "refund": 1, "abroad": 3, "pin": 4}
    rows = [(f"{label} question {n}", label) for label, count in counts.items() for n in range(count)]
    said = " ".join(check.check(_csv(tmp_path / "a.csv", rows)).warnings)
    assert "3 labels with fewer than 5 rows will be learnt badly: `refund` 1 row, `abroad` 3 rows" in said
    assert "`billing`" not in said


def test_of_many_labels_with_few_rows_some_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    test = _csv(tmp_path / "test.csv", [("where is it", "lost")])
    rows = [(f"question {n}", f"intent {n}") for n in range(9)] + [(f"more {n}", "usual") for n in range(9)]
    said = check.check(_csv(tmp_path / "a.csv", rows), test=test).warnings
    (rare,) = [text for text in said if "fewer than" in text]
    assert rare.count("`") == 2 * 5
    assert rare.endswith("and 4 more.")
    assert "1 label only in the test file cannot be learnt: `lost`." in said
