"""Runs searches in forked children that kill themselves at a look of a trial; one JSON request a line."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import torch

from core.engines import search
from core.jobs.context import JobContext
from core.specs import SearchSpec


class DoomedJob(JobContext):
    """Dies by SIGKILL, or asks itself to stop, at the second look of a trial; nothing in it can react."""

    kill_in: int | None = None
    stop_in: int | None = None

    def emit(self, ev: str, **fields: Any) -> None:
        super().emit(ev, **fields)
        if ev == "trial" and fields["state"] == "running" and len(fields["curve"]) == 2:
            if fields["number"] == self.kill_in:
                os.kill(os.getpid(), signal.SIGKILL)
            if fields["number"] == self.stop_in:
                self.take({"cmd": "stop"})


def run(request: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    folder = Path(request["run"])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "events.jsonl", "a", encoding="utf-8") as out:
        inputs = {key: Path(value) for key, value in request["inputs"].items()}
        job = DoomedJob(folder, inputs, out, resumed=request.get("resumed", False), threads=1, name="search")
        job.kill_in, job.stop_in = request.get("kill_in"), request.get("stop_in")
        search.run(SearchSpec(**request["spec"]), job)
        job.emit("done", state=job.final_state, result=job.final_result)


def main() -> None:
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run(json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        channel.write(f"{os.waitstatus_to_exitcode(status)}\n")
        channel.flush()


if __name__ == "__main__":
    main()
