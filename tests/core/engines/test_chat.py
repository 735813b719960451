"""A conversation streams whole characters, fits its context, and refuses what must not be deployed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.cli.commands.chat import _pace
from core.engines import chat
from core.engines.runtimes import dialect
from core.errors import InputError
from core.models import records
from core.specs import ChatSpec
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


def _ask(*texts: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]
    return {"cmd": "ask", "messages": messages}


def _talk(run: Path, source: Path, *commands: dict[str, Any], **spec: Any) -> list[dict[str, Any]]:
    job, out = tiny.job(run, m=source)
    for command in commands:
        job.take(command)
    job._asks.put(None)
    chat.run(ChatSpec(model="m", **spec), job)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_pieces_add_up_to_the_answer(source: Path, tmp_path: Path) -> None:
    events = _talk(tmp_path / "run", source, _ask("where is my card?"), max_new_tokens=24)

    pieces = "".join(event["text"] for event in events if event["ev"] == "token")
    (answer,) = [event for event in events if event["ev"] == "answer"]
    assert answer["text"].startswith(pieces)
    assert answer["tokens"] <= 24
    assert answer["ttft_ms"] > 0
    assert [event["name"] for event in events if event["ev"] == "phase"] == ["loading", "ready"]


def test_an_answer_of_one_token_has_no_pace(source: Path, tmp_path: Path) -> None:
    events = _talk(tmp_path / "run", source, _ask("where is my card?"), max_new_tokens=1)
    (answer,) = [event for event in events if event["ev"] == "answer"]
    assert answer["tokens"] == 1
    assert answer["tokens_per_s"] is None
    assert _pace(answer).startswith("first token ")
    assert "tokens/s" not in _pace(answer)
    assert _pace({"ttft_ms": 12.4, "tokens_per_s": 80.0}) == "first token 12 ms, 80 tokens/s"


def test_a_character_of_several_tokens_comes_whole(source: Path) -> None:
    spoken = dialect.load(source)
    ids = spoken.tokenizer.encode("caf\u00e9 \U0001f642!", add_special_tokens=False)
    said, pieces = "", []

    for count in range(1, len(ids) + 1):
        piece = chat._new_text(spoken, ids[:count], said)
        pieces.append(piece)
        said += piece

    assert said == "caf\u00e9 \U0001f642!"
    assert all("\ufffd" not in piece for piece in pieces)
    assert len(ids) > len([piece for piece in pieces if piece])


def test_an_interruption_keeps_what_was_said(source: Path, tmp_path: Path) -> None:
    job, out = tiny.job(tmp_path / "run", m=source)
    job.take(_ask("hello"))
    job._asks.put(None)
    job._interrupt.set()

    chat.run(ChatSpec(model="m", max_new_tokens=200), job)

    answers = [json.loads(line) for line in out.getvalue().splitlines() if '"answer"' in line]
    assert len(answers) == 1
    assert answers[0]["tokens"] <= 1


def test_the_oldest_turns_go_first_and_it_is_said(source: Path, tmp_path: Path) -> None:
    long = "where is my card? " * 40

    events = _talk(
        tmp_path / "run", source, _ask(long, "a", long, "b", long, "c", "last one?"), max_new_tokens=4
    )

    assert any("left out" in event["text"] for event in events if event["ev"] == "warning")
    assert sum(event["ev"] == "answer" for event in events) == 1


def test_the_system_line_and_the_last_question_stay(source: Path) -> None:
    spoken = dialect.load(source)
    messages = [{"role": "system", "content": "be brief"}]
    for number in range(8):
        messages += [
            {"role": "user", "content": f"question {number} " * 8},
            {"role": "assistant", "content": "x"},
        ]
    messages.append({"role": "user", "content": "the last"})

    prompt, dropped = chat.fit(messages, 256, 32, spoken)

    text = spoken.tokenizer.decode(prompt)
    assert "be brief" in text
    assert "the last" in text
    assert "question 0" not in text
    assert dropped % 2 == 0
    assert len(prompt) + 32 <= 256


def test_one_question_too_long_does_not_end_the_conversation(source: Path, tmp_path: Path) -> None:
    events = _talk(tmp_path / "run", source, _ask("card " * 2000), _ask("hello"), max_new_tokens=4)

    answers = [event for event in events if event["ev"] == "answer"]
    assert len(answers) == 2
    assert answers[0]["error"]["code"] == "input"


def test_a_red_receipt_refuses_with_its_reasons(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    records.write(folder, records.Description(format="onnx", name="small"))
    (folder / "receipt.json").write_text(json.dumps({"status": "red", "reasons": ["wrong stop token"]}))
    job, _ = tiny.job(tmp_path / "run", m=folder)

    with pytest.raises(InputError, match="receipt is red") as refused:
        chat.run(ChatSpec(model="m"), job)

    assert "wrong stop token" in refused.value.why


def test_a_red_receipt_that_was_overridden_only_warns(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "small")
    (folder / "receipt.json").write_text(json.dumps({"status": "red", "reasons": ["wrong stop token"]}))
    job, out = tiny.job(tmp_path / "run", m=folder)
    job.used_anyway = frozenset({"m"})
    job._asks.put(None)

    chat.run(ChatSpec(model="m"), job)

    events = [json.loads(line) for line in out.getvalue().splitlines()]
    (warned,) = [event["text"] for event in events if event["ev"] == "warning"]
    assert "used anyway: wrong stop token" in warned
    assert [event["name"] for event in events if event["ev"] == "phase"] == ["loading", "ready"]
