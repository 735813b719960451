"""What rows teach is guessed or said; an instruction stands before every question."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from core.data import check, dataset, plaintext
from core.data.typos import mistyped
from core.specs import ImportDataSpec

_CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


@pytest.mark.parametrize(
    ("row", "task"),
    [
        ({"text": "a", "label": "x"}, "classification"),
        ({"text": "a", "output": '{"name": "x"}'}, "extraction"),
        ({"question": "a", "context": "b", "answer": "c"}, "question_answering"),
        ({"article": "a", "summary": "b"}, "summarization"),
        ({"prompt": "a", "response": "b"}, "generation"),
        ({"messages": _CHAT}, "chat"),
        ({"text": "a"}, "pretraining"),
    ],
)
def test_the_task_is_guessed(row: dict[str, object], task: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert check.check(path).task == task


def test_a_task_that_was_said_moves_the_columns_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    assert check.check(path, task="generation").roles == {"user": "text", "assistant": "label"}
    assert check.check(path, task="pretraining").roles == {"text": "text"}
    assert [refusal.code for refusal in check.check(path, task="chat").refusals] == ["data.task"]


def test_an_instruction_stands_before_every_question_and_is_kept(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.csv", tmp_path / "out"
    path.write_text("article,summary\na long text,short\nb,c\n", encoding="utf-8")
    folder.mkdir()
    dataset.build(ImportDataSpec(source=str(path), name="x", instruction="Summarize."), folder)
    data = dataset.Dataset(folder)
    assert data.info.instruction == "Summarize."
    asked = data.messages(next(data.rows("train")))[0]["content"]
    assert asked.startswith("Summarize.\n\n")


def test_documents_joined_are_the_file() -> None:
    dice = random.Random(3)
    for _ in range(200):
        pieces = ["word ", "\n", "\n\n", "\r\n", ". ", "w" * 9000, "x" * 700, " \n"]
        text = "".join(dice.choices(pieces, k=dice.randrange(40)))
        assert "".join(plaintext.parts(text)) == text


def test_typos_leave_figures_and_kept_words_alone() -> None:
    text = "Send 250 euros to Tallinn tomorrow please"
    for seed in range(50):
        wrong = mistyped(text, 0.3, random.Random(seed), frozenset({"tallinn"}))
        assert "250" in wrong
        assert "Tallinn" in wrong
        assert wrong == mistyped(text, 0.3, random.Random(seed), frozenset({"tallinn"}))
