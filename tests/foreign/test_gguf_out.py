"""A file that this program wrote, opened by llama.cpp: it reads and says what the publisher's file does.

Torch is no yardstick here: on the capital of France llama.cpp leaves the publisher's own file at "L'Étoile",
where torch says Paris with the same numbers. Its products round what flows through them to 8 bits.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from core.engines.add_model import STARTER_PACKAGE
from tests.core.cli.terminal import ROOT, Terminal
from tests.foreign.test_llama_server import SERVER

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(900)]
QUESTIONS = ("What is the capital of France?", "Why is the sky blue? Answer briefly.")
_ALIKE = 8  # letters; after them one rounding may say it in other words


@dataclass(frozen=True)
class Heard:
    """What llama.cpp makes of a question: the prompt's tokens, and the answer."""

    tokens: tuple[int, ...]
    answer: str


def _hear(file: Path) -> list[Heard]:
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


def _ask(address: str, question: str) -> Heard:
    messages = [{"role": "user", "content": question}]
    prompt = _post(address, "/apply-template", messages=messages)["prompt"]
    tokens = _post(address, "/tokenize", content=prompt, parse_special=True, add_special=True)["tokens"]
    said = _post(address, "/v1/chat/completions", messages=messages, temperature=0, max_tokens=24)
    return Heard(tuple(tokens), str(said["choices"][0]["message"]["content"]))


def _post(address: str, path: str, **told: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}{path}", json.dumps(told).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


def test_llama_cpp_reads_and_says_what_it_does_with_the_publishers_file(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    terminal = Terminal(tmp_path / "workspace")
    terminal.must("models", "add", "starter")
    made = terminal.must(
        "export", "starter", "--format", "gguf", "--out", str(tmp_path / "out"), "--json"
    ).json
    assert made["receipt"] == "green"
    spec = util.find_spec(STARTER_PACKAGE)
    assert spec is not None
    assert spec.origin is not None

    ours = _hear(Path(made["file"]))
    theirs = _hear(next(Path(spec.origin).parent.glob("*.gguf")))

    assert [heard.tokens for heard in ours] == [heard.tokens for heard in theirs]
    assert [heard.answer[:_ALIKE] for heard in ours] == [heard.answer[:_ALIKE] for heard in theirs]
