"""A file that this program wrote, opened by llama.cpp itself: it says what the model says."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.core.cli.terminal import ROOT, Terminal
from tests.foreign.test_llama_server import SERVER

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(900)]
QUESTIONS = ("What is the capital of France?", "Why is the sky blue? Answer briefly.")
FEW = ("--set", "max_new_tokens=24", "--set", "temperature=0", "--json")


def _answers(file: Path) -> list[str]:
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(file), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        return [_ask(address, question) for question in QUESTIONS]
    finally:
        process.kill()
        process.wait()


def _ask(address: str, question: str) -> str:
    told = {"messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 24}
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps(told).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as reply:
        return str(json.load(reply)["choices"][0]["message"]["content"])


def test_llama_cpp_says_what_the_model_says(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    terminal = Terminal(tmp_path / "workspace")
    terminal.must("models", "add", "starter")
    made = terminal.must(
        "export", "starter", "--format", "gguf", "--out", str(tmp_path / "out"), "--json"
    ).json
    assert made["receipt"] == "green"

    wanted = [terminal.must("chat", "starter", "--prompt", text, *FEW).json["text"] for text in QUESTIONS]

    assert [text.strip() for text in _answers(Path(made["file"]))] == [text.strip() for text in wanted]
