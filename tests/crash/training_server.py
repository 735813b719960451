"""Runs fine-tuning jobs in forked children, so that a kill costs a second and not an import of torch.

Reads one JSON request a line with run, inputs, spec, and where wanted resumed, kill_at, kill_after_s,
stop_at; answers with `{"signal": 9}` or `{"exit": 0}` when the child has ended. A child is killed at its n-th
write point (`kill_at`) or after some time, by SIGKILL; nothing in it can react.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

from core.engines import finetune
from core.jobs.context import JobContext
from core.specs import FinetuneSpec


class StoppingJob(JobContext):
    """Asks itself to stop once a step is reached, as a person would."""

    stop_at: int | None = None
    phase_name = ""

    def phase(self, name: str, total: int | None = None, unit: str = "") -> None:
        self.phase_name = name
        super().phase(name, total, unit)

    def progress(self, done: int, total: int | None = None) -> None:
        super().progress(done, total)
        if self.phase_name == "training" and self.stop_at is not None and done >= self.stop_at:
            self.take({"cmd": "stop"})


def train(request: dict) -> None:
    torch.set_num_threads(1)
    if request.get("kill_at"):
        os.environ["SLM_WORKBENCH_KILL_AT"] = str(request["kill_at"])
    run = Path(request["run"])
    run.mkdir(parents=True, exist_ok=True)
    with open(run / "events.jsonl", "a", encoding="utf-8") as out:
        job = StoppingJob(
            run,
            {key: Path(value) for key, value in request["inputs"].items()},
            out,
            resumed=request.get("resumed", False),
            threads=1,
            name="tuned",
        )
        job.stop_at = request.get("stop_at")
        finetune.run(FinetuneSpec(**request["spec"]), job)
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


def main() -> None:
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                train(request)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        channel.write(json.dumps(wait(child, request.get("kill_after_s"))) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
