"""Runs jobs in forked children, so that a kill costs a second and not an import of torch.

Reads one JSON request a line with run, inputs, spec, and where wanted kind, events (a file), resumed,
kill_at, kill_after_s, stop_at; answers with `{"signal": 9}` or `{"exit": 0}` when the child has ended. A
child is killed at its n-th write point (`kill_at`) or after some time, by SIGKILL; nothing in it can react. A
request `{"mount": FOLDER, "kb": N}` mounts a file system of that size there, or changes its size; one
`{"load": KIND}` loads what another kind of job needs, before the forks.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import torch

import core.engines.finetune  # noqa: F401  # imported once, before the forks
from core.jobs.context import JobContext
from core.jobs.registry import kind_of


class StoppingJob(JobContext):
    """Asks itself to stop once a step is reached, as a person would."""

    stop_at: int | None = None
    phase_name = ""

    def phase(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        self.phase_name = name
        super().phase(name, total, unit, done)

    def progress(self, done: int, total: int | None = None, left_s: float | None = None) -> None:
        super().progress(done, total, left_s)
        if self.phase_name == "training" and self.stop_at is not None and done >= self.stop_at:
            self.take({"cmd": "stop"})


def train(request: dict) -> None:
    torch.set_num_threads(1)
    if request.get("kill_at"):
        os.environ["SLM_WORKBENCH_KILL_AT"] = str(request["kill_at"])
    run = Path(request["run"])
    run.mkdir(parents=True, exist_ok=True)
    kind = kind_of(request.get("kind", "finetune"))
    with open(request.get("events") or run / "events.jsonl", "a", encoding="utf-8") as out:
        job = StoppingJob(
            run,
            {key: Path(value) for key, value in request["inputs"].items()},
            out,
            resumed=request.get("resumed", False),
            threads=1,
            name="tuned",
        )
        job.stop_at = request.get("stop_at")
        importlib.import_module(kind.engine).run(kind.spec(**request["spec"]), job)
        job.emit("done", state=job.final_state, result=job.final_result)


def wait(child: int, kill_after_s: float | None) -> dict[str, int]:
    deadline = None if kill_after_s is None else time.monotonic() + kill_after_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return {"signal": -code} if code < 0 else {"exit": code}
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = None
        time.sleep(0.002)


def mount(folder: str, kb: int) -> dict[str, int]:
    """A file system in memory, or another size for it."""
    again = ["remount,"] if os.path.ismount(folder) else [""]
    os.makedirs(folder, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"{again[0]}size={kb}k", "tmpfs", folder]
    return {"exit": subprocess.run(command, check=False).returncode}


def digest(folder: Path) -> str:
    """Of the weights, the answers or the rows that a job made; times in a report differ from run to run."""
    total = hashlib.sha256()
    rows = ("answers.jsonl", "train.jsonl", "provenance.jsonl")
    made = ("*model.safetensors", "model.onnx.data", "sensitivity.json", *rows)
    for path in sorted(path for name in made for path in folder.rglob(name)):
        total.update(path.read_bytes())
    return total.hexdigest()


def main() -> None:
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        if "mount" in request:
            channel.write(json.dumps(mount(request["mount"], request["kb"])) + "\n")
            channel.flush()
            continue
        if "load" in request:
            importlib.import_module(kind_of(request["load"]).engine).load_ahead()
            channel.write("{}\n")
            channel.flush()
            continue
        child = os.fork()
        if child == 0:
            try:
                train(request)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        ended: dict[str, object] = dict(wait(child, request.get("kill_after_s")))
        if ended == {"exit": 0}:
            ended["made"] = digest(Path(request["run"]) / "out")
        channel.write(json.dumps(ended) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
