"""Runs the command line as a person or a script would: as a process."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "app"]


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """A terminal in one workspace."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "SLM_WORKBENCH_HOME": str(self.workspace),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, stdin: str = "", timeout: float = 240.0) -> Answer:
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment(),
            input=stdin,
            timeout=timeout,
            cwd=ROOT,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "Traceback" not in done.stdout, done.stdout
        return Answer(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str, stdin: str = "") -> Answer:
        answer = self.run(*arguments, stdin=stdin)
        assert answer.code == 0, answer.err + answer.out
        return answer

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            cwd=ROOT,
        )


def with_tiny(folder: Path) -> Terminal:
    """A terminal whose workspace has a tiny model, `tiny`, and data for it, `questions`."""
    from tests.core.engines import tiny  # torch; not every test of a command needs it

    terminal = Terminal(folder / "work")
    source = tiny.model_folder(folder / "tiny-model")
    for own in ("model.json", "manifest.json"):
        (source / own).unlink()
    rows = folder / "questions.csv"
    with open(rows, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        writer.writerows(tiny.rows(48))
    terminal.must("models", "add", str(source), "--name", "tiny")
    terminal.must("data", "add", str(rows), "--name", "questions")
    return terminal
