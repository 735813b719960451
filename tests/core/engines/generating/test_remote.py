"""An endpoint as the teacher: answers, faults, limits, and what is never asked twice."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from core.engines.generating import remote
from core.errors import InputError, JobError
from core.models.endpoints import Endpoint
from tests.core.endpoint_server import EndpointServer, cut, echo, raw, slow, status
from tests.core.engines import tiny
from tests.core.engines.generating.rooms import OPEN, Room, endpoint_folder

PRICES = {"price_in": 1000.0, "price_out": 10_000.0}  # 0.1 for each prompt, 0.1 for each answer
FEW = {**OPEN, "rows": 4, "max_new_tokens": 16}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BACKOFF_S", 0.01)
    monkeypatch.setattr(remote, "LONGEST_BACKOFF_S", 0.05)


@pytest.fixture
def server() -> EndpointServer:
    return EndpointServer()


@pytest.fixture
def room(server: EndpointServer, tmp_path: Path):
    with server.serve() as url:
        yield Room(tmp_path, endpoint_folder(tmp_path / "far", url, **PRICES), key="sk-secret")


def test_answers_become_rows_and_say_where_they_come_from(room: Room, server: EndpointServer) -> None:
    data = room.run(**FEW)

    assert {row["answer"] for row in room.made()} == {f"about {row['text']}" for row in room.made()}
    assert len(server.asked) == 4
    assert server.asked[0]["model"] == "big"
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer sk-secret"}
    said = data.info.generated
    assert said is not None
    assert (said.teacher, said.host, said.model) == ("far", server_host(room), "big")
    assert (said.answers, said.tokens_in, said.tokens_out) == (4, 400, 40)
    assert said.cost == pytest.approx(0.8)
    provenance = (data.folder / "provenance.jsonl").read_text().splitlines()
    source = {row["row"]: row["text"] for row in numbered(room)}
    assert [source[json.loads(line)["prompt_row"]] for line in provenance] == [
        row["text"] for row in room.made()
    ]


def numbered(room: Room) -> list[dict[str, Any]]:
    lines = (room.inputs["d"] / "train.jsonl").read_text().splitlines()
    return [{"row": (row := json.loads(line))["row"], **row["values"]} for line in lines]


def server_host(room: Room) -> str:
    said = json.loads((room.inputs["t"] / "endpoint.json").read_text())
    return Endpoint.model_validate(said).host


def test_requests_are_under_way_together_but_not_more_than_agreed(room: Room, server: EndpointServer) -> None:
    server.delay_s = 0.1
    room.run(**{**FEW, "rows": 9}, concurrency=3)
    assert server.most_at_once == 3


def test_no_more_requests_a_minute_than_agreed(room: Room, server: EndpointServer) -> None:
    room.run(**FEW, requests_per_minute=600, concurrency=4)
    assert server.times[-1] - server.times[0] > 0.15  # three gaps of 0.1 s, but for a late first arrival


@pytest.mark.parametrize(
    "fault",
    [
        status(429), status(500), status(503), status(408), cut, raw(b"<html>busy</html>"), raw(b"[]"),
        raw(b'{"choices": []}'), raw(b'{"choices": [{"message": {"content": 7}}]}'), slow(2.0),
    ],
    ids=["429", "500", "503", "408", "cut", "html", "list", "no choice", "no text", "slow"],
)  # fmt: skip
def test_a_passing_fault_costs_nothing_but_time(room: Room, server: EndpointServer, fault: Any) -> None:
    server.faults = [fault]
    room.run(**FEW, timeout_s=1.5)
    assert len(room.made()) == 4
    assert len(server.asked) == 5
    assert set(server.answered.values()) == {1}


def test_retry_after_is_honoured_by_all(room: Room, server: EndpointServer) -> None:
    server.faults = [status(429, Retry_After="1")]
    room.run(**FEW, concurrency=1)
    assert server.times[1] - server.times[0] >= 1.0


def test_a_retry_after_of_an_hour_ends_in_a_message(room: Room, server: EndpointServer) -> None:
    server.faults = [status(429, Retry_After="3600")] * 9
    with pytest.raises(JobError, match="had enough") as caught:
        room.run(**FEW, concurrency=1)
    assert "3600 seconds" in caught.value.why
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "code", "tries"),
    [
        (status(401, "no such key"), "endpoint.key", 1),
        (status(403, "not yours"), "endpoint.key", 1),
        (status(402, "no money"), "endpoint.paid", 1),
        (status(404, "no such model"), "endpoint.unknown", 1),
        (status(302, Location="http://127.0.0.1:9/v1"), "endpoint.redirect", 1),
        (status(307, Location="https://elsewhere.example/v1"), "endpoint.redirect", 1),
        (status(429), "endpoint.busy", remote.TRIES),
        (status(500), "endpoint.down", remote.TRIES),
        (cut, "endpoint.cut", remote.TRIES),
        (raw(b"<html>"), "endpoint.malformed", remote.TRIES),
        (slow(0.25), "endpoint.slow", remote.TRIES),
    ],
    ids=["401", "403", "402", "404", "302", "307", "429", "500", "cut", "malformed", "slow"],
)
def test_a_lasting_fault_ends_in_one_message(
    room: Room, server: EndpointServer, fault: Any, code: str, tries: int
) -> None:
    server.faults = [fault] * 99
    with pytest.raises(JobError) as caught:
        room.run(**FEW, concurrency=1, timeout_s=0.15 if code == "endpoint.slow" else 60.0)
    assert caught.value.code == code
    assert all((caught.value.what, caught.value.why, caught.value.fix))
    assert len(server.asked) == tries
    assert "sk-secret" not in str(caught.value)


def test_a_lasting_fault_keeps_what_was_answered_and_a_resume_asks_the_rest(
    room: Room, server: EndpointServer
) -> None:
    server.answer = lambda messages: _fail_after(server, 3, messages)
    with pytest.raises(JobError):
        room.run(**{**FEW, "rows": 8}, concurrency=1)
    assert len(room.answers()) == 3

    server.answer = lambda messages: f"about {messages[-1]['content']}"
    server.faults = []
    room.run(**{**FEW, "rows": 8}, concurrency=1)

    assert len(room.made()) == 8
    assert set(server.answered.values()) == {1}, "nothing was answered twice"


def _fail_after(server: EndpointServer, count: int, messages: list[dict[str, str]]) -> str:
    if sum(server.answered.values()) >= count - 1:
        server.faults = [status(401)] * 99
    return f"about {messages[-1]['content']}"


def test_nobody_listening_ends_in_one_message(tmp_path: Path) -> None:
    with EndpointServer().serve() as url:
        pass
    room = Room(tmp_path, endpoint_folder(tmp_path / "far", url))
    with pytest.raises(JobError, match="is not there") as caught:
        room.run(**FEW)
    assert caught.value.code == "endpoint.refused"


def test_a_certificate_that_does_not_verify_ends_in_one_message(
    server: EndpointServer, tmp_path: Path
) -> None:
    with server.serve(self_signed(tmp_path)) as url:
        room = Room(tmp_path, endpoint_folder(tmp_path / "far", url), key="sk-secret")
        with pytest.raises(JobError, match="cannot prove") as caught:
            room.run(**FEW)
    assert caught.value.code == "endpoint.certificate"
    assert server.asked == [], "neither rows nor key were sent"


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    file, key = folder / "own.pem", folder / "own.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def test_a_request_that_is_not_taken_costs_its_row_alone(room: Room, server: EndpointServer) -> None:
    server.faults = [status(400, "too long")]
    data = room.run(**FEW, concurrency=1)
    assert len(room.made()) == 3
    assert data.info.generated.dropped == {"not_answered": 1}
    assert "too long" in (data.folder / "dropped.jsonl").read_text()


def test_an_endpoint_that_takes_nothing_is_given_up(room: Room, server: EndpointServer) -> None:
    server.faults = [status(400, "unknown model")] * 99
    with pytest.raises(JobError, match="takes none") as caught:
        room.run(**{**FEW, "rows": 9}, concurrency=1)
    assert "unknown model" in caught.value.why
    assert len(server.asked) == 3


def test_the_budget_is_a_hard_limit_and_what_is_there_is_kept(room: Room, server: EndpointServer) -> None:
    server.delay_s = 0.05
    room.run(**{**FEW, "rows": 20}, budget=1.0, concurrency=4)
    spent = len(server.asked) * 0.2
    assert 0.4 <= spent <= 1.0
    assert room.state == "stopped"
    assert room.result["end"] == "budget"
    assert len(room.made()) == len(server.asked)
    assert any("budget" in text for text in room.warnings())


def test_what_was_lost_on_the_way_counts_against_the_budget(room: Room, server: EndpointServer) -> None:
    server.faults = [cut] * 3
    room.run(**{**FEW, "rows": 20}, budget=1.5, concurrency=1)
    assert len(server.asked) * 0.2 <= 1.5
    assert room.result["cost"] <= 1.5 - 3 * 0.1


def test_a_budget_too_small_for_one_answer_says_so(room: Room, server: EndpointServer) -> None:
    with pytest.raises(InputError, match="limit was reached"):
        room.run(**FEW, budget=0.001)
    assert server.asked == []


def test_the_limit_of_tokens_is_kept(room: Room, server: EndpointServer) -> None:
    room.run(**{**FEW, "rows": 20}, max_tokens_total=500, concurrency=1)
    assert len(server.asked) * 110 <= 500
    assert room.result["end"] == "tokens"


def test_the_cost_is_told_while_it_runs(room: Room) -> None:
    room.run(**FEW, concurrency=1)
    metrics = [event["values"] for event in room.events if event["ev"] == "metrics"]
    assert [round(values["cost"], 3) for values in metrics] == [0.2, 0.4, 0.6, 0.8]
    assert [round(values["projected_cost"], 3) for values in metrics] == [0.8] * 4


def test_tokens_are_guessed_where_the_endpoint_does_not_count(room: Room, server: EndpointServer) -> None:
    server.usage = False
    data = room.run(**FEW)
    assert data.info.generated.tokens_in > 0
    assert data.info.generated.tokens_out > 0


def test_a_stop_keeps_what_is_there_and_a_resume_asks_only_what_is_missing(
    room: Room, server: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.engines.generating.asking import Asking

    monkeypatch.setattr(Asking, "over", lambda self: _stop_after(self, server, 3))
    room.run(**{**FEW, "rows": 8}, concurrency=2)
    assert room.state == "stopped"
    assert 3 <= len(room.made()) <= 4
    monkeypatch.undo()

    room.run(**{**FEW, "rows": 8}, concurrency=2)
    assert room.state == "succeeded"
    assert len(room.made()) == 8
    assert set(server.answered.values()) == {1}


def _stop_after(asking: Any, server: EndpointServer, count: int) -> bool:
    if sum(server.answered.values()) >= count:
        asking.end = asking.end or "stopped"
    return bool(asking.end)


def test_a_line_that_a_kill_cut_off_is_asked_again(room: Room, server: EndpointServer) -> None:
    room.run(**FEW)
    before = room.made()
    file = room.folder / "answers.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    room.run(**FEW)
    assert room.made() == before
    assert sorted(server.answered.values()) == [1, 1, 1, 2]


def test_the_key_is_hidden_wherever_an_endpoint_repeats_it(room: Room, server: EndpointServer) -> None:
    server.repeats_key = True
    room.run(**FEW)
    assert all(row["answer"].endswith("Bearer [key]") for row in room.made())
    server.faults = [echo] * 9
    with pytest.raises(JobError):
        room.run(**{**FEW, "rows": 9})
    text = json.dumps(room.events) + "".join(
        path.read_text(errors="replace") for path in room.folder.rglob("*") if path.is_file()
    )
    assert "sk-secret" not in text
    job, _ = tiny.job(room.folder, **room.inputs)
    job.take({"cmd": "key", "of": "t", "key": 'sk"quoted\\'})
    assert "quoted" not in json.dumps(job.hide({"a": ['x sk"quoted\\ y']}))


def test_waiting_for_an_endpoint_ends_at_once_when_a_stop_is_asked(
    room: Room, server: EndpointServer
) -> None:
    import threading

    from core.engines import generate
    from core.errors import CancelledError
    from core.specs import GenerateSpec

    server.faults = [status(503, Retry_After="60")] * 9
    job, _ = tiny.job(room.folder, **room.inputs)
    job.take({"cmd": "key", "of": "t", "key": None})
    threading.Timer(0.6, lambda: job.take({"cmd": "stop"})).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        generate.run(GenerateSpec(teacher="t", data="d", **FEW), job)
    assert time.monotonic() - began < 5


def test_a_surrogate_in_an_answer_harms_nothing(room: Room, server: EndpointServer) -> None:
    server.faults = [raw(b'{"choices": [{"message": {"content": "half \\ud83d"}}]}')]
    room.run(**FEW, concurrency=1)
    assert "half ?" in {row["answer"] for row in room.made()}
