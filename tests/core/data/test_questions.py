"""Questions without answers: brought in by every format, kept whole, and known for what they are."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from core.data import check, dataset
from core.data.dataset import Dataset
from core.data.report import CheckReport
from core.errors import InputError
from core.specs import ImportDataSpec
from core.specs.data import TaskChoice

_OPEN_CHAT = [{"role": "user", "content": "Hi"}]
_TALK = [*_OPEN_CHAT, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Where?"}]
_ASKED = ["Where is my card?", "How do I pay, please?", "Why?"]


def written(tmp_path: Path, name: str) -> Path:
    """A file of questions alone."""
    path = tmp_path / name
    lines = {
        ".csv": ["question", *(f'"{text}"' for text in _ASKED)],
        ".jsonl": [json.dumps({"messages": talk}) for talk in (_OPEN_CHAT, _TALK)],
        ".txt": [_ASKED[0], "", *_ASKED[1:]],
    }[path.suffix]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "rows"), [("a.csv", 3), ("a.jsonl", 2)])
def test_a_file_of_questions_alone_is_known_as_one(name: str, rows: int, tmp_path: Path) -> None:
    report = check.check(written(tmp_path, name))
    assert (report.task, report.rows, report.refusals) == ("questions", rows, [])
    assert any("for a teacher to answer" in text for text in report.warnings)


def test_no_question_is_put_aside_for_a_test_and_each_ends_with_the_user(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    info = dataset.build(ImportDataSpec(source=str(written(tmp_path, "a.jsonl")), name="a"), out)
    assert info.counts == {"train": 2, "validation": 0, "test": 0}
    assert not any("no test" in text for text in info.check.warnings)
    data = Dataset(out)
    assert [data.messages(row) for row in data.rows("train")] == [_OPEN_CHAT, _TALK]


def test_a_text_has_a_question_a_line_once_that_is_said_and_says_how(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt")
    unsaid = check.check(path)
    assert unsaid.task == "pretraining"
    assert any("--task questions" in text for text in unsaid.warnings)
    said = check.check(path, task="questions")
    assert (said.task, said.rows, said.roles) == ("questions", 3, {"user": "question"})
    prose = tmp_path / "b.txt"
    text = "It was a dark night, and nobody knew why the lamps had gone out. She asked once more, and went. "
    prose.write_text("\n".join(textwrap.wrap(text * 20, 72)) + "\n", encoding="utf-8")
    assert not any("questions" in text for text in check.check(prose).warnings)
    listed = tmp_path / "c.txt"
    listed.write_text(
        "I lost my card\nNo money came yet.\nThe app is slow\nHow do I pay?\n", encoding="utf-8"
    )
    assert any("It looks like a list" in text for text in check.check(listed).warnings)


def test_answers_beside_the_questions_are_left_out_only_if_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("question,note\nWhere?,a\nWhy?,b\nWho?,c d e\n", encoding="utf-8")
    assert check.check(path, roles={"user": "question"}).refusals[0].code == "data.roles"
    assert check.check(path, roles={"user": "question"}, task="questions").roles == {"user": "question"}
    answered = tmp_path / "b.csv"
    answered.write_text("question,answer\nWhere?,Here\nWhy?,So\n", encoding="utf-8")
    assert check.check(answered).task == "question_answering"
    assert check.check(answered, task="questions").roles == {"user": "question"}


def refusals(report: CheckReport) -> list[tuple[str, int | None]]:
    return [(refusal.code, refusal.line) for refusal in report.refusals]


@pytest.mark.parametrize(("task", "line"), [("auto", 1), ("questions", 2)])
def test_chats_of_both_kinds_are_refused_by_line(task: TaskChoice, line: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"messages": _OPEN_CHAT}, {"messages": _TALK[:2]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert refusals(check.check(path, task=task)) == [("data.messages", line)]


def test_questions_make_no_test(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv")
    assert [refusal.code for refusal in check.check(path, test=path).refusals] == ["data.test"]


def test_a_column_that_is_only_guessed_to_be_the_answer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("body,subject\nWhere is my bike now?,Order 7\nIt broke again,Wheel\n", encoding="utf-8")
    assert any("`subject` is taken for the answer" in text for text in check.check(path).warnings)
    path.write_text("question,answer\nWhere?,Here\nWhy?,So\n", encoding="utf-8")
    assert not any("is taken for" in text for text in check.check(path).warnings)


def test_the_first_look_reads_a_text_as_the_whole_check_does(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt")
    check.first_look(path, {"user": "question"}, None, task="questions")
    with pytest.raises(InputError) as refused:
        check.first_look(path, {}, path, task="questions")
    assert refused.value.code == "data.test"
