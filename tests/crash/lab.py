"""A tiny model, a data set, and a server that runs jobs to be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.core.engines import tiny

ROOT = Path(__file__).parents[2]
SPEC = {
    "model": "m",
    "data": "d",
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 0.01,
    "precision": "fp32",
    "checkpoint_every": 2,
    "validate_every": 3,
    "sample_prompts": 1,
    "lora_rank": 4,
    "lora_dropout": 0.1,
}


class Lab:
    """A model, a data set and a server that trains.

    Args:
        folder: Where everything lies.
        before: Command that the server is started by, such as one that gives it mounts of its own.
        what: Kind and spec of the runs; a training where nothing else is said.
    """

    def __init__(
        self, folder: Path, *, before: tuple[str, ...] = (), what: dict[str, object] | None = None
    ) -> None:
        self.folder = folder
        self.inputs = {
            "m": str(tiny.model_folder(folder / "m")),
            "d": str(tiny.data_folder(folder / "d", 48)),
        }
        self.server = subprocess.Popen(
            [*before, sys.executable, "-m", "tests.crash.training_server"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(folder / "stderr.txt", "w"),  # noqa: SIM115
        )
        self.what = what or {}
        if "kind" in self.what:
            self.send({"load": self.what["kind"]})
        self.reference = self.finish("reference")

    def close(self) -> None:
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(20)

    def send(self, request: dict[str, object]) -> dict:
        """One request to the server, and its answer."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def ask(self, run: str, **more: object) -> dict[str, int]:
        """Runs a job in a child; tells how it ended, and keeps the digest of what it made."""
        request = {"run": str(self.folder / run), "inputs": self.inputs, "spec": SPEC, **self.what, **more}
        answer = self.send(request)
        self.made = answer.pop("made", "")
        return answer

    def finish(self, run: str, **more: object) -> str:
        """Runs to the end; gives the digest of the weights."""
        assert self.ask(run, **more) == {"exit": 0}, self.said[-3000:]
        return self.made

    @property
    def said(self) -> str:
        """What the children wrote to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def events(self, run: str, name: str) -> list[dict]:
        lines = (self.folder / run / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["ev"] == name]
