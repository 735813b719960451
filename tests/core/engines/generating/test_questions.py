"""Questions without answers: what they are answered like, and what comes along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.data.dataset import Dataset, build
from core.errors import InputError
from core.specs import GenerateSpec, ImportDataSpec
from core.workspace import manifest
from tests.core.endpoint_server import EndpointServer
from tests.core.engines import tiny
from tests.core.engines.generating.rooms import OPEN, Room, endpoint_folder

SHORT = {**OPEN, "rows": 5, "max_new_tokens": 8}


def questions(root: Path, texts: list[str], **said: str) -> Path:
    """A data set of questions without answers, as `import_data` makes it."""
    root.mkdir(parents=True)
    lines = [json.dumps({"query": text, **said}) + "\n" for text in texts]
    (root / "asked.jsonl").write_text("".join(lines), encoding="utf-8")
    folder = root / "data"
    folder.mkdir()
    build(ImportDataSpec(source=str(root / "asked.jsonl"), name="asked"), folder)
    manifest.write(folder)
    return folder


def test_questions_without_answers_get_some_and_become_examples(model: Path, tmp_path: Path) -> None:
    asked = [f"what is {number}" for number in range(12)]
    room = Room(tmp_path, model, questions(tmp_path / "asked", asked))
    data = room.run(**{**SHORT, "rows": 12, "task": "auto"})
    assert data.info.task == "generation"
    assert data.info.roles == {"user": "query", "assistant": "answer"}
    assert {row["query"] for row in room.made()} <= set(asked)
    assert data.count("test")
    assert data.info.answers_by("test") == data.info.answers_by("validation") == "tiny"
    assert any("how often a model agrees with it" in text for text in data.info.check.warnings)
    with pytest.raises(InputError) as refused:
        room.run(**{**SHORT, "task": "classification"})
    assert "--like" in refused.value.fix
    with pytest.raises(InputError) as refused:
        room.run(**{**SHORT, "check_label": True})
    assert refused.value.code == "generate.data"


def test_questions_are_answered_like_other_data_whose_test_stays_the_test(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = tiny.data_folder(tmp_path / "like")
    known = Dataset(like)
    tested = [row.values["text"] for row in known.rows("test")]
    assert known.info.labels
    assert tested
    heard: list[list[dict[str, str]]] = []

    def answer(messages: list[dict[str, str]]) -> str:
        heard.append(messages)
        return str(known.info.labels[len(heard) % len(known.info.labels)])

    asked = [f"where is {number}" for number in range(20)]
    with EndpointServer(answer=answer).serve() as url:
        inputs = questions(tmp_path / "asked", [*asked, str(tested[0])], system="Hello.")
        room = Room(tmp_path, endpoint_folder(tmp_path / "far", url), inputs)
        room.inputs["l"] = like
        data = room.run(**{**SHORT, "rows": 21, "task": "auto"}, like="l", as_learnt=True)
    assert data.info.task == "classification"
    assert [row.values["text"] for row in data.rows("test")] == tested  # the true ones, by no teacher
    assert (data.info.answers_by("test"), data.info.answers_by("validation")) == ("", "far")
    learnt = [row.values["text"] for part in ("train", "validation") for row in data.rows(part)]
    assert sorted(map(str, learnt)) == sorted(asked)  # the test row among the questions is left out
    assert {data.label(row) for row in data.rows("train")} <= set(known.info.labels)
    assert {message["content"] for message in heard[0] if message["role"] == "system"} == {"Hello."}


def test_answered_rows_come_along_with_what_a_teacher_answered_like_them(model: Path, tmp_path: Path) -> None:
    like = tiny.data_folder(tmp_path / "like")
    known = Dataset(like)
    asked = [f"where is {number}" for number in range(12)]
    with EndpointServer(answer=lambda _messages: str(known.info.labels[0])).serve() as url:
        data = questions(tmp_path / "asked", asked)
        room = Room(tmp_path, endpoint_folder(tmp_path / "far", url), data)
        room.inputs["l"] = like
        made = room.run(**{**SHORT, "rows": 12, "task": "auto"}, like="l", with_rows=True)

    def pairs(data: Dataset, *parts: str) -> list[tuple[str, str]]:
        return sorted((str(row.values["text"]), data.label(row)) for part in parts for row in data.rows(part))

    theirs = pairs(known, "train", "validation")
    answered = [(text, str(known.info.labels[0])) for text in asked]
    assert pairs(made, "train", "validation") == sorted([*theirs, *answered])
    assert pairs(made, "test") == pairs(known, "test")
    assert made.info.generated is not None
    assert made.info.generated.joined == room.result["joined"] == len(theirs)


def test_rows_of_another_form_do_not_come_along(model: Path, tmp_path: Path) -> None:
    room = Room(tmp_path, model, questions(tmp_path / "asked", ["where is it"], system="Hello."))
    room.inputs["l"] = tiny.data_folder(tmp_path / "like")
    with pytest.raises(InputError) as refused:
        room.run(**{**SHORT, "rows": 1, "task": "auto"}, like="l", with_rows=True)
    assert refused.value.code == "generate.not_alike"
    assert "system" in refused.value.why
    with pytest.raises(ValueError, match="with_rows"):
        GenerateSpec(teacher="t", data="d", with_rows=True)


def test_made_up_questions_join_the_examples_that_they_follow(model: Path, tmp_path: Path) -> None:
    data = tiny.data_folder(tmp_path / "data")
    known = Dataset(data)

    def answer(messages: list[dict[str, str]]) -> str:
        return (
            "where is my new card" if "new question" in messages[0]["content"] else str(known.info.labels[0])
        )

    with EndpointServer(answer=answer).serve() as url:
        room = Room(tmp_path, endpoint_folder(tmp_path / "far", url), data)
        settings = {**SHORT, "rows": 2, "task": "auto", "source": "seeds", "with_rows": True}
        made = room.run(**settings)
    texts = {str(row.values["question"]) for row in made.rows("train")} | {
        str(row.values["question"]) for row in made.rows("validation")
    }
    theirs = {str(row.values["text"]) for part in ("train", "validation") for row in known.rows(part)}
    assert texts == theirs | {"where is my new card"}
    assert [row.values["question"] for row in made.rows("test")] == [
        row.values["text"] for row in known.rows("test")
    ]


def test_chats_that_wait_for_an_answer_get_it(model: Path, tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    path, folder = tmp_path / "talks.jsonl", tmp_path / "talks"
    path.write_text((json.dumps({"messages": talk}) + "\n") * 6, encoding="utf-8")
    folder.mkdir()
    build(ImportDataSpec(source=str(path), name="talks"), folder)
    manifest.write(folder)
    room = Room(tmp_path, model, folder)
    data = room.run(**{**SHORT, "rows": 6, "task": "auto"})
    assert data.info.task == "chat"
    for row in room.made():
        assert row["messages"][:3] == talk
        assert row["messages"][3]["role"] == "assistant"
