"""A model here as the teacher, and the ways to ask: prompts, seeds, documents, conversations, a judge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.data import dropped as dropped_rows
from core.data.dataset import build
from core.engines import generate
from core.engines.generating.answers import Answers, Reply
from core.engines.runtimes.torch_runtime import _choose
from core.errors import InputError, JobError
from core.specs import GenerateSpec, ImportDataSpec
from core.workspace import manifest
from tests.core.endpoint_server import EndpointServer
from tests.core.engines import tiny
from tests.core.engines.generating.rooms import OPEN, Room, endpoint_folder

SHORT = {**OPEN, "rows": 5, "max_new_tokens": 8}


def test_the_same_seed_gives_the_same_rows_and_another_one_does_not(model: Path, tmp_path: Path) -> None:
    rooms = [Room(tmp_path / name, model) for name in ("one", "two", "three")]
    for room, seed in zip(rooms, (1, 1, 2), strict=True):
        room.run(**SHORT, seed=seed)
    one, two, three = (json.dumps(room.answers()) for room in rooms)
    assert one == two
    assert one != three


def test_an_interrupted_run_ends_as_an_uninterrupted_one_to_the_bit(model: Path, tmp_path: Path) -> None:
    whole, broken = Room(tmp_path / "whole", model), Room(tmp_path / "broken", model)
    whole.run(**SHORT, answers_per_prompt=2)
    broken.folder.mkdir(parents=True)
    lines = (whole.folder / "answers.jsonl").read_bytes().splitlines(keepends=True)
    (broken.folder / "answers.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:17])
    broken.run(**SHORT, answers_per_prompt=2)
    for name in ("answers.jsonl", "out/dataset/train.jsonl", "out/dataset/provenance.jsonl"):
        assert (whole.folder / name).read_bytes() == (broken.folder / name).read_bytes()
    asking = next(event for event in broken.events if event["ev"] == "phase" and event["name"] == "asking")
    assert (asking["done"], asking["total"]) == (2, 5), "both answers to the first two prompts were there"
    counts = [event["done"] for event in broken.events if event["ev"] == "progress" and event["total"] == 5]
    assert min(counts) >= 2


def test_a_stop_before_a_row_is_complete_keeps_its_answers(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path, model)
    job, out = tiny.job(room.folder, **room.inputs)
    job.take({"cmd": "key", "of": "t", "key": None})
    real = Answers.add

    def stop_after(self: Answers, key: str, reply: Reply) -> None:
        real(self, key, reply)
        job.take({"cmd": "stop"})

    monkeypatch.setattr(Answers, "add", stop_after)
    generate.run(GenerateSpec(teacher="t", data="d", **SHORT, answers_per_prompt=2), job)
    monkeypatch.setattr(Answers, "add", real)

    assert job.final_state == "stopped"
    assert (job.final_result["answers_kept"], job.final_result["kept"]) == (1, 0)
    assert '"artifact"' not in out.getvalue()
    first = room.answers()
    room.run(**SHORT, answers_per_prompt=2)
    assert room.answers()[:1] == first
    assert (len(room.answers()), room.result["answers_kept"]) == (10, 10)


def test_top_p_draws_only_from_the_likeliest_words_that_have_this_share_together() -> None:
    logits = torch.log(torch.tensor([0.1, 0.5, 0.3, 0.06, 0.04]))
    dice = torch.Generator().manual_seed(3)

    def drawn(top_p: float) -> set[int]:
        return {_choose(logits, 1.0, top_p, dice) for _ in range(400)}

    assert drawn(0.000001) == {1}
    assert drawn(0.6) == {1, 2}
    assert drawn(0.85) == {0, 1, 2}
    assert drawn(1.0) == {0, 1, 2, 3, 4}


def test_a_prompt_too_long_for_the_teacher_costs_its_row_alone(model: Path, tmp_path: Path) -> None:
    rows = tiny.rows(30)
    for row in rows[::2]:
        row["text"] += " very long" * 200
    data = tiny.data_folder(tmp_path / "long", chosen=rows)
    room = Room(tmp_path, model, data)
    made = room.run(**{**SHORT, "rows": 30})
    assert made.info.generated.dropped["not_answered"] > 0
    assert len(room.made()) > 0


def test_a_changed_answers_file_is_refused(model: Path, tmp_path: Path) -> None:
    room = Room(tmp_path, model)
    room.folder.mkdir(parents=True)
    (room.folder / "answers.jsonl").write_text('{"key": "0/0", "unknown": 1}\n')
    with pytest.raises(JobError, match="cannot be read"):
        room.run(**SHORT)


def test_every_answer_is_on_the_disk_when_it_counts(tmp_path: Path) -> None:
    """A process that is killed right after `add` has lost nothing."""
    script = (
        "import os, pathlib, signal, sys\n"
        "from core.engines.generating.answers import Answers, Reply\n"
        "answers = Answers(pathlib.Path(sys.argv[1]))\n"
        "for at in range(3): answers.add(str(at), Reply('x' * at, at, at))\n"
        "answers.sending('3', 10, 20)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    found = Answers(tmp_path)
    assert [found.get(str(at)) for at in range(3)] == [Reply("x" * at, at, at) for at in range(3)]
    assert found.get("3") is None
    assert found.unsettled == (10, 20), "what was on its way may have to be paid"


# --- the ways to ask, with a teacher that says what the test wants ---


@pytest.fixture
def server() -> EndpointServer:
    return EndpointServer()


def room_of(server: EndpointServer, url: str, root: Path, data: Path | None = None) -> Room:
    return Room(root, endpoint_folder(root / "far", url), data)


def test_prompts_keep_the_datas_test_rows_and_columns(server: EndpointServer, tmp_path: Path) -> None:
    server.answer = lambda _messages: "I think it is top_up."
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(rows=9, drop_near_duplicates=None)
    assert data.info.task == "classification"
    assert {row["category"] for row in room.made()[:9]} >= {"top_up"}
    before = [
        json.loads(line)["values"] for line in (room.inputs["d"] / "test.jsonl").read_text().splitlines()
    ]
    after = [json.loads(line)["values"] for line in (data.folder / "test.jsonl").read_text().splitlines()]
    assert after == before
    assert "card_lost, pin_change, top_up" in server.asked[0]["messages"][0]["content"]


def test_answers_that_are_no_labels_are_dropped_and_counted(server: EndpointServer, tmp_path: Path) -> None:
    server.answer = lambda messages: "top_up" if "top" in messages[-1]["content"] else "something else"
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(rows=40, drop_near_duplicates=None)
    said = data.info.generated
    assert (
        said.dropped["no_label"] + data.info.counts["train"] + data.info.counts["validation"] == said.answers
    )
    dropped = [json.loads(line) for line in (data.folder / "dropped.jsonl").read_text().splitlines()]
    assert {item["reason"] for item in dropped} == {"no_label"}
    kept = list(dropped_rows.read(data.folder).values())
    assert len(kept) == len(dropped), "each can be taken back"
    assert set(kept[0].values) == set(data.info.columns)
    assert kept[0].values["category"] == "something else"


def test_when_nothing_is_kept_it_says_why(server: EndpointServer, tmp_path: Path) -> None:
    server.answer = lambda _messages: "I'm sorry, but I can't help with that."
    with server.serve() as url, pytest.raises(InputError, match="No answer was kept") as caught:
        room_of(server, url, tmp_path).run(rows=4)
    assert "4 declined to answer" in caught.value.why


def test_near_duplicates_with_the_same_answer_are_dropped(server: EndpointServer, tmp_path: Path) -> None:
    server.answer = lambda _messages: "top_up"
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(rows=40, drop_near_duplicates=0.6)
    assert data.info.generated.dropped["near_duplicate"] > 5


def test_seeds_become_new_questions_of_every_label(server: EndpointServer, tmp_path: Path) -> None:
    made = iter(range(100))

    def answer(messages: list[dict[str, str]]) -> str:
        if "You write new questions" in messages[0]["content"]:
            return f'Question: "What about number {next(made)}?"\n\nThis one is new.'
        return "top_up"

    server.answer = answer
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(rows=6, source="seeds", concurrency=1, drop_near_duplicates=None)
    assert {row["question"] for row in room.made()} == {f"What about number {at}?" for at in range(6)}
    assert data.info.roles == {"user": "question", "label": "label"}
    shown = [item["messages"][1]["content"] for item in server.asked[::2]]
    assert {text.rpartition("categories: ")[2].partition(".")[0] for text in shown} == set(tiny.INTENTS)


def documents(folder: Path) -> Path:
    source = folder / "river.txt"
    text = "The river rises in the hills. It runs through three towns to the sea. " * 3
    source.write_text("\n\n".join(f"Part {at}. {text}" for at in range(8)))
    made = folder / "documents"
    made.mkdir()
    build(ImportDataSpec(source=str(source), name="river"), made)
    manifest.write(made)
    return made


def test_documents_become_questions_with_answers(server: EndpointServer, tmp_path: Path) -> None:
    def answer(messages: list[dict[str, str]]) -> str:
        part = messages[-1]["content"].partition(".")[0]
        if part == "Part 1":
            return "nothing to ask here"
        return json.dumps({"question": f"Where is {part}?", "answer": "In the hills."})

    server.answer = answer
    with server.serve() as url:
        room = room_of(server, url, tmp_path, documents(tmp_path))
        data = room.run(source="documents", chunk_characters=260, drop_near_duplicates=None)
    assert data.info.task == "question_answering"
    assert all(row["question"].startswith("Where is") for row in room.made())
    assert data.info.generated.dropped in ({}, {"no_question": 1})


def test_a_conversation_takes_turns_and_a_bad_turn_ends_it(server: EndpointServer, tmp_path: Path) -> None:
    def answer(messages: list[dict[str, str]]) -> str:
        if "You play the person" in messages[0]["content"]:
            return "And then?"
        turn = sum(item["role"] == "user" for item in messages)
        return "I cannot help with that." if turn == 3 else f"Step {turn}."

    server.answer = answer
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(rows=3, task="conversation", turns=3, drop_near_duplicates=None)
    assert data.info.task == "chat"
    for row in room.made():
        said = row["messages"]
        assert [item["role"] for item in said] == ["user", "assistant", "user", "assistant"]
        assert [item["content"] for item in said[1:]] == ["Step 1.", "And then?", "Step 2."]


def test_a_judge_is_asked_about_each_answer_and_drops_the_low_ones(
    server: EndpointServer, tmp_path: Path
) -> None:
    def answer(messages: list[dict[str, str]]) -> str:
        said = messages[-1]["content"]
        if "Mark from 1 to 5" in said:
            return "2" if "card" in said else "5"
        return "an answer"

    server.answer = answer
    with server.serve() as url:
        room = room_of(server, url, tmp_path)
        data = room.run(**{**OPEN, "rows": 20}, judge_at_least=4)
    assert all("card" not in row["text"] for row in room.made())
    assert data.info.generated.dropped["judged_low"] > 0
    assert len(server.asked) == 40
    judge = next(item for item in server.asked if "Mark from" in item["messages"][-1]["content"])
    assert judge["temperature"] == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"source": "documents"},
        {"task": "conversation", "agreement": 0.5, "answers_per_prompt": 2},
    ],
)
def test_settings_that_do_not_suit_the_data_are_refused(model: Path, tmp_path: Path, settings: dict) -> None:
    with pytest.raises(InputError, match="does not suit"):
        Room(tmp_path, model).run(**settings)


def test_plain_documents_have_no_prompts(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not suit") as caught:
        Room(tmp_path, model, documents(tmp_path)).run()
    assert "source=documents" in caught.value.fix
