"""Answers from an OpenAI-compatible server that this project did not write: llama.cpp's, on the starter GGUF.

`make foreign` installs a package that ships it built and runs this.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from core.data.dataset import SPLITS
from core.engines.add_model import STARTER_PACKAGE
from tests.core.cli.terminal import ROOT, Terminal
from tests.core.engines import tiny

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(900)]
SERVER = Path(__file__).with_name("llama_server.py")
KEY = "sk-foreign-0815"
FEW = ("--set", "rows=6", "--set", "task=generation", "--set", "drop_near_duplicates=null")


@contextmanager
def serving(port: int = 0, key: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server in a process of its own, and its address."""
    pytest.importorskip("xllamacpp")
    spec = util.find_spec(STARTER_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    gguf = next(Path(spec.origin).parent.glob("*.gguf"))
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(gguf), str(port), *([key] if key else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        yield process, f"{address}/v1"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("foreign")
    terminal = Terminal(folder / "work")
    rows = folder / "questions.csv"
    with open(rows, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        writer.writerows(tiny.rows(40))
    terminal.must("data", "add", str(rows), "--name", "questions")
    return terminal


@pytest.fixture(scope="module")
def far(terminal: Terminal) -> Iterator[str]:
    """An endpoint that wants no key."""
    with serving() as (_process, url):
        terminal.must("models", "add-endpoint", url, "--name", "far", "--model", "starter")
        yield "far"


def rows_of(terminal: Terminal, name: str) -> list[dict[str, Any]]:
    folder = terminal.workspace / "artifacts" / terminal.must("data", "show", name, "--json").json["id"]
    text = "".join((folder / f"{split}.jsonl").read_text(encoding="utf-8") for split in SPLITS)
    return [json.loads(line)["values"] for line in text.splitlines()]


def test_it_answers_and_its_tokens_are_counted(terminal: Terminal, far: str) -> None:
    made = terminal.must(
        "generate", "--teacher", far, "--data", "questions", *FEW, "--set", "answers_per_prompt=2", "--set",
        "max_new_tokens=48", "--set", "drop_cut=false", "--yes", "--name", "told", "--json",
    ).json  # fmt: skip
    assert made["state"] == "succeeded"
    assert made["result"]["answers"] == 12
    assert made["result"]["tokens_out"] > 12
    assert rows_of(terminal, "told")


def test_answers_that_the_server_cut_are_left_out(terminal: Terminal, far: str) -> None:
    refused = terminal.run(
        "generate", "--teacher", far, "--data", "questions", *FEW, "--set", "max_new_tokens=2", "--yes"
    )
    assert refused.code == 2
    assert "cut" in refused.err


def test_a_conversation_goes_on_for_several_turns(terminal: Terminal, far: str) -> None:
    terminal.must(
        "generate", "--teacher", far, "--data", "questions", "--set", "rows=3", "--set", "task=conversation",
        "--set", "turns=2", "--set", "max_new_tokens=48", "--set", "drop_cut=false", "--set",
        "drop_near_duplicates=null", "--set", "drop_refusals=false", "--yes", "--name", "talks",
    )  # fmt: skip
    talks = [row["messages"] for row in rows_of(terminal, "talks")]
    assert talks
    for talk in talks:  # a turn that is nothing ends it early
        roles = [turn["role"] for turn in talk if turn["role"] != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
    assert max(map(len, talks)) >= 4


def test_a_key_is_wanted_and_a_wrong_one_ends_in_one_message(terminal: Terminal) -> None:
    with serving(key=KEY) as (_process, url):
        terminal.must("models", "add-endpoint", url, "--name", "locked", "--model", "starter")
        ask = (
            "generate", "--teacher", "locked", "--data", "questions", *FEW, "--set", "max_new_tokens=16",
            "--set", "drop_cut=false", "--yes", "--json",
        )  # fmt: skip
        refused = terminal.run(*ask)
        assert refused.code == 1
        assert "wants a key" in refused.err
        os.environ["SLM_WORKBENCH_KEY_LOCKED"] = KEY
        try:
            assert terminal.must(*ask).json["state"] == "succeeded"
        finally:
            del os.environ["SLM_WORKBENCH_KEY_LOCKED"]
    for file in terminal.workspace.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_a_server_that_dies_costs_no_answer(terminal: Terminal) -> None:
    with serving() as (process, url):
        terminal.must("models", "add-endpoint", url, "--name", "mortal", "--model", "starter")
        port = int(url.rpartition(":")[2].partition("/")[0])
        running = terminal.start(
            "generate", "--teacher", "mortal", "--data", "questions", "--set", "rows=20", "--set",
            "task=generation", "--set", "max_new_tokens=32", "--set", "drop_cut=false", "--set",
            "drop_near_duplicates=null", "--set", "concurrency=1", "--yes", "--name", "survived",
        )  # fmt: skip
        log = wait_for_answers(terminal, "survived", 4)
        process.kill()
        assert running.wait(300) == 1, "nobody answers any more"
        kept = log.read_text().splitlines()
    assert 4 <= len(kept) < 20
    with serving(port):
        resumed = terminal.must("runs", "resume", log.parent.name, "--json").json
    assert resumed["state"] == "succeeded"
    answers = log.read_text().splitlines()
    assert answers[: len(kept)] == kept
    assert len(answers) == 20


def wait_for_answers(terminal: Terminal, name: str, count: int) -> Path:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for job in (terminal.workspace / "runs").glob("*/job.json"):
            log = job.with_name("answers.jsonl")
            mine = json.loads(job.read_text())["name"] == name
            if mine and log.exists() and len(log.read_text().splitlines()) >= count:
                return log
        time.sleep(0.05)
    raise AssertionError(f"{name} got no answers")
