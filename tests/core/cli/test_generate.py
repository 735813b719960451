"""`generate` by command: consent before anything is sent, kills, resumes, and keys that appear nowhere."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import string
import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from core.cli.commands import generate
from core.cli.console import Output
from core.cli.main import main
from core.data.generating import filters
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import COMMAND, ROOT, Terminal
from tests.core.endpoint_server import EndpointServer, echo
from tests.core.engines import tiny

FEW = {"rows": "4", "task": "generation", "max_new_tokens": "16"}
PRICES = ("--price-in", "1000", "--price-out", "10000")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A workspace with a tiny model and data of which two training rows hold a mail address."""
    folder = tmp_path_factory.mktemp("generate")
    terminal = Terminal(folder / "work")
    source = tiny.model_folder(folder / "tiny-model")
    for own in ("model.json", "manifest.json"):
        (source / own).unlink()
    rows = folder / "questions.csv"
    with open(rows, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        for at, row in enumerate(tiny.rows(60)):
            writer.writerow({**row, "text": row["text"] + (" me@example.org" if at % 2 else "")})
    terminal.must("models", "add", str(source), "--name", "tiny")
    terminal.must("data", "add", str(rows), "--name", "questions")
    return terminal


@pytest.fixture
def server() -> EndpointServer:
    return EndpointServer()


@pytest.fixture
def far(terminal: Terminal, server: EndpointServer) -> Iterator[str]:
    """An endpoint of the workspace, by a name of its own."""
    with server.serve() as url:
        name = f"far{url.rpartition(':')[2].partition('/')[0]}"
        terminal.must("models", "add-endpoint", url, "--name", name, "--model", "big", *PRICES)
        yield name


def ask(teacher: str, *more: str) -> tuple[str, ...]:
    given = {text.partition("=")[0] for flag, text in pairwise(more) if flag == "--set"}
    few = [part for name, value in FEW.items() if name not in given for part in ("--set", f"{name}={value}")]
    return ("generate", "--teacher", teacher, "--data", "questions", *few, *more)


def test_an_unsafe_address_is_refused(terminal: Terminal) -> None:
    refused = terminal.run("models", "add-endpoint", "http://api.example.com/v1", "--name", "bad")
    assert refused.code == 2
    assert "plain http" in refused.err


def test_an_endpoint_is_listed_and_taken_by_nothing_that_needs_a_model(terminal: Terminal, far: str) -> None:
    shown = next(item for item in terminal.must("models", "list", "--json").json if item["name"] == far)
    assert (shown["format"], shown["endpoint"]["model"]) == ("endpoint", "big")
    terminal.must("models", "show", far)
    for command in (
        ("quantize", far),
        ("finetune", "--model", far, "--data", "questions"),
        ("fit", "finetune", "--model", far, "--data", "questions"),
        ("evaluate", far, "--data", "questions"),
        ("merge", far),
        ("chat", far, "--prompt", "hello"),
        ("data", "augment", "questions", "--paraphrase", far),
    ):
        refused = terminal.run(*command)
        assert refused.code == 2, command
        assert "it is an endpoint" in refused.err, command


def test_nothing_is_sent_without_a_yes(terminal: Terminal, server: EndpointServer, far: str) -> None:
    refused = terminal.run(*ask(far))
    assert refused.code == 2
    for fact in ("4 rows of questions", "127.0.0.1:", "tokens", "cost", "about", "personal data", "--yes"):
        assert fact in refused.err, fact
    assert "hold what looks like personal data" in refused.err
    assert terminal.run(*ask(far, "--preview")).code == 2
    assert server.asked == []


def test_with_a_yes_a_data_set_is_made_and_its_cost_told(
    terminal: Terminal, server: EndpointServer, far: str
) -> None:
    made = terminal.must(*ask(far, "--yes", "--name", "answered", "--json"))
    assert "would be sent to 127.0.0.1:" in made.err
    assert made.json["result"]["cost"] == pytest.approx(0.8)
    assert len(server.asked) == 4
    shown = terminal.must("data", "show", "answered", "--json").json
    assert shown["generated"]["teacher"] == far
    assert shown["made_from"]["name"] == "questions"
    repeated = terminal.run("runs", "repeat", made.json["id"], "--set", "rows=2")
    assert repeated.code == 2, "again something would be sent"
    assert len(server.asked) == 4


def test_a_judge_at_an_endpoint_rates_after_a_yes(
    terminal: Terminal, server: EndpointServer, far: str
) -> None:
    few = ("--set", "limit=4", "--set", "latency_prompts=1", "--set", "repeats=1", "--set", "judge_rows=3")
    command = ("evaluate", "tiny", "--data", "questions", "--set", f"judge={far}", *few)
    refused = terminal.run(*command)
    assert refused.code == 2
    assert "3 rows of questions with the models' answers would be sent to 127.0.0.1:" in refused.err
    assert server.asked == []
    server.answer = lambda _messages: "4"

    made = terminal.must(*command, "--yes", "--json").json

    assert len(server.asked) == 3
    (model,) = made["models"]
    assert (model["quality"]["judge_score"], model["quality"]["judge_rows"]) == (4, 3)
    assert model["quality"]["judge_ci95"] == [4, 4]
    assert (made["judge"]["name"], made["judge"]["cost"]) == (far, pytest.approx(0.6))
    assert "rated 4.0 of 5 [4.0 to 4.0] on 3 rows" in terminal.must("runs", "show", made["run"]).out
    measured = terminal.run("evaluate", far, "--data", "questions", "--set", f"judge={far}", "--yes")
    assert (measured.code, "it is an endpoint" in measured.err) == (2, True)


def test_a_preview_shows_five_rows_and_what_all_would_cost(
    terminal: Terminal, server: EndpointServer, far: str
) -> None:
    before = terminal.must("data", "list", "--json").json
    shown = terminal.must(*ask(far, "--set", "rows=30", "--preview", "--yes", "--json")).json
    assert len(server.asked) == 5
    assert len(shown["rows"]) == 5
    assert shown["cost"] == pytest.approx(1.0)
    assert shown["projected_cost"] == pytest.approx(6.0)
    assert terminal.must("data", "list", "--json").json == before
    again = terminal.must(*ask(far, "--set", "rows=30", "--preview", "--yes", "--json")).json
    assert {row["prompt"] for row in again["rows"]} == {row["prompt"] for row in shown["rows"]}
    assert len(server.asked) == 5, "what was answered once is not paid twice"
    terminal.must(*ask(far, "--set", "rows=30", "--yes", "--name", "whole"))
    assert len(server.asked) == 30, "the run took the five over"
    terminal.must(*ask(far, "--set", "rows=30", "--yes", "--name", "other"))
    assert len(server.asked) == 60, "another run asks for its own"


def test_a_recipe_asks_before_it_sends(
    terminal: Terminal, server: EndpointServer, far: str, tmp_path: Path
) -> None:
    run = terminal.must(*ask(far, "--yes", "--name", f"{far}-rows", "--json")).json["id"]
    recipe = tmp_path / "again.yaml"
    terminal.must("runs", "save", run, "--out", str(recipe))
    refused = terminal.run("run", str(recipe), "--name-suffix=-again")
    assert refused.code == 2
    assert "sends up to 4 rows" in refused.err
    terminal.must("run", str(recipe), "--name-suffix=-again", "--yes")
    assert len(server.asked) == 8


def test_a_model_of_ones_own_asks_nothing_and_answers_the_same_again(terminal: Terminal) -> None:
    own = ("--set", "drop_cut=false", "--set", "max_new_tokens=8", "--set", "drop_near_duplicates=null")
    folders = []
    for name in ("first", "second"):
        terminal.must(*ask("tiny", *own, "--name", name))
        found = next(d for d in terminal.must("data", "list", "--json").json if d["name"] == name)
        folders.append(terminal.workspace / "artifacts" / found["id"])
    for file in ("train.jsonl", "validation.jsonl", "test.jsonl", "provenance.jsonl"):
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes()


def test_a_wrong_key_ends_in_one_message(terminal: Terminal, server: EndpointServer, far: str) -> None:
    server.key = "sk-right"
    refused = terminal.run(*ask(far, "--yes"))
    assert refused.code == 1
    assert "wants a key" in refused.err
    assert "models key" in refused.err
    assert len(server.asked) <= 4


@pytest.mark.timeout(300)
def test_kill_9_in_the_middle_loses_no_answer_and_asks_none_twice(
    terminal: Terminal, server: EndpointServer, far: str
) -> None:
    server.delay_s = 0.15
    many = ("--set", "rows=40", "--set", "concurrency=2", "--set", "drop_near_duplicates=null")
    process = terminal.start(*ask(far, *many, "--yes", "--name", f"{far}-killed"))
    log = wait_for_answers(terminal, f"{far}-killed", 10)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1.0)
    kept = {json.loads(line)["key"]: line for line in whole_lines(log)}
    asked_before = len(server.asked)
    assert 10 <= len(kept) < 40

    run = log.parent.name
    resumed = terminal.must("runs", "resume", run, "--json").json

    assert (resumed["id"], resumed["state"]) == (run, "succeeded")
    answers = whole_lines(log)
    assert len(answers) == 40
    assert {json.loads(line)["key"]: line for line in answers[: len(kept)]} == kept
    assert len(server.asked) - asked_before == 40 - len(kept), "only what was missing"
    assert resumed["result"]["answers"] == 40


def test_a_resumed_run_says_what_it_kept_and_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(tmp_path / "work")
    run = workspace.store.add_run("generate", "answered", {}, [])
    dropped = {next(iter(filters.WORDS)): 2}
    kept = {"kept": 38, "asked": 40, "dropped": dropped, "cost": 0.0, "tokens_in": 900, "tokens_out": 80}
    workspace.store.set_state(run.id, "succeeded", result={**kept, "end": "all"})
    assert generate.finish(workspace, workspace.store.run(run.id), Output()) == 0
    said = capsys.readouterr().out
    assert "900 tokens asked, 80 answered." in said
    assert said.startswith("Of the answers, 2 ")
    workspace.close()


def wait_for_answers(terminal: Terminal, name: str, count: int) -> Path:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        for job in (terminal.workspace / "runs").glob("*/job.json"):
            log = job.with_name("answers.jsonl")
            mine = json.loads(job.read_text())["name"] == name
            if mine and log.exists() and len(whole_lines(log)) >= count:
                return log
        time.sleep(0.02)
    raise AssertionError(f"{name} got no answers")


def whole_lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1]


_SHAPES = (
    "plainletters", "WITH.dots.in.it", 'quote"inside', "back\\slash", "sla/sh+plus=", "a" * 200, "$HOME",
    "%41%42", "{json}", "[list]", "<b>bold</b>", "semi;colon", "comma,comma", "tilde~", "hash#tag", "pipe|",
    "star*", "under__score", "'single'", string.ascii_letters,
)  # fmt: skip
#: Twenty keys of every shape that a header can hold.
SECRETS = [f"sk-{at:02d}-{shape}" for at, shape in enumerate(_SHAPES)]


@pytest.mark.timeout(600)
def test_twenty_keys_appear_in_no_file_log_event_or_command_line(
    terminal: Terminal,
    server: EndpointServer,
    far: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The endpoint repeats each key in its answers and, at last, in its refusal."""
    server.repeats_key, server.delay_s = True, 0.05
    seen: set[str] = set()
    watching = threading.Event()
    watcher = threading.Thread(target=_watch_command_lines, args=(seen, watching), daemon=True)
    watcher.start()
    arguments = ask(far, "--yes", "--json", "--set", "rows=2", "--set", "concurrency=1", "--debug")
    for at, secret in enumerate(SECRETS):
        server.key = secret
        server.faults = [echo] if at % 2 else []
        monkeypatch.setenv(f"SLM_WORKBENCH_KEY_{far.upper()}", secret)
        assert main(["--workspace", str(terminal.workspace), *arguments]) == at % 2
    watching.set()
    watcher.join()
    captured = capfd.readouterr()
    said = captured.out + captured.err

    assert {h["Authorization"].removeprefix("Bearer ") for h in server.headers} == set(SECRETS)
    files = [path for path in terminal.workspace.rglob("*") if path.is_file()]
    contents = {path: path.read_bytes() for path in files}
    for secret in SECRETS:
        forms = {secret.encode(), json.dumps(secret)[1:-1].encode()}
        for path, content in contents.items():
            assert not any(form in content for form in forms), path
        assert secret not in said
        assert not any(secret in line for line in seen)
    assert any("core.worker" in line for line in seen), "the children were looked at"


def _watch_command_lines(seen: set[str], stop: threading.Event) -> None:
    """Collects what any process of this computer shows: its command line, and the worker's environment."""
    while not stop.is_set():
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                seen.add(line)
                if "core.worker" in line:
                    seen.add((process / "environ").read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
        time.sleep(0.02)


def test_a_key_is_asked_for_in_a_terminal_and_not_shown(
    terminal: Terminal, server: EndpointServer, far: str
) -> None:
    server.key = "sk-typed"
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *ask(far, "--name", f"{far}-typed")], stdin=slave, stdout=slave, stderr=slave,
        env=terminal.environment(), cwd=ROOT, start_new_session=True, preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(slave)
    shown = _type(master, [("Go on? [y/N]", "yes"), ("not shown", "sk-typed")], process)
    assert process.wait(60) == 0, shown
    assert "sk-typed" not in shown
    assert len(server.asked) == 4


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _type(master: int, talk: list[tuple[str, str]], process: subprocess.Popen[bytes]) -> str:
    """Types each line when its question has been shown; gives all that was shown."""
    shown, waiting = "", list(talk)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            shown += os.read(master, 4096).decode("utf-8", "replace")
        except OSError:  # the other side has closed
            break
        if waiting and waiting[0][0] in shown:
            os.write(master, waiting.pop(0)[1].encode() + b"\n")
    os.close(master)
    return shown
