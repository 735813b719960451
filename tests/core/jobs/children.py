"""Tiny stand-ins for a worker: each behaves in one way a real one might. `python children.py NAME FOLDER`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.workspace import manifest


def send(ev: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"v": 1, "seq": 0, "t": time.time(), "ev": ev, **fields}) + "\n")
    sys.stdout.flush()


def happy() -> None:
    send("hello", pid=os.getpid())
    send("phase", name="working", total=3, unit="steps")
    for step in range(3):
        send("metrics", step=step, values={"loss": 1.0 / (step + 1)})
        send("progress", done=step + 1, total=3)
    send("done", state="succeeded", result={"answer": 42})


def noisy() -> None:
    send("hello")
    sys.stdout.write("a library prints, without a newline at its end\n{not json}\n")
    sys.stdout.write('{"loss": 3}\n')
    sys.stdout.buffer.write(b"\xff\xfe broken bytes\n")
    send("done", state="succeeded", result={})
    send("done", state="succeeded", result={"late": True})


def crash() -> None:
    send("hello")
    sys.stderr.write("something native went wrong\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)


def silent_exit() -> None:
    send("hello")
    sys.exit(7)


def fails() -> None:
    send("hello")
    send(
        "error",
        kind="input",
        code="data.empty",
        what="No rows.",
        why="All are empty.",
        fix="Add rows.",
        details="",
    )
    sys.exit(2)


def hang() -> None:
    send("hello")
    time.sleep(600)


def stops() -> None:
    send("hello")
    line = sys.stdin.readline()
    assert json.loads(line) == {"cmd": "stop"}
    send("stopping")
    send("done", state="stopped", result={"kept": 1})


def has_nothing() -> None:
    """Is stopped before it had something to keep."""
    send("hello")
    sys.stdin.readline()
    send("error", kind="cancelled", code="cancelled", what="It had nothing to keep.", why="", fix="")
    sys.exit(130)


def ignores_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    send("hello", grandchild=grandchild.pid)
    while True:
        time.sleep(600)


def leaves_a_file() -> None:
    send("hello")
    folder = Path(sys.argv[2]) / "out"
    folder.mkdir()
    (folder / "file.txt").write_text(str(time.time()))
    manifest.write(folder)
    send("artifact", type="dataset", folder="out")
    send("done", state="succeeded", result={})


def saves() -> None:
    """Leaves a model and checkpoints, and ends as the run's name says."""
    send("hello")
    folder = Path(sys.argv[2])
    saved = folder / "checkpoints" / "step-2"
    saved.mkdir(parents=True)
    (saved / "optimizer.pt").write_bytes(b"o" * 1000)
    (folder / "out").mkdir()
    (folder / "out" / "file.txt").touch()
    manifest.write(folder / "out")
    send("artifact", type="dataset", folder="out")
    match json.loads((folder / "job.json").read_text())["name"]:
        case "failed":
            send("error", kind="job", code="job.disk_full", what="The disk is full.", why="", fix="")
        case "crashed":
            os._exit(7)
        case state:
            send("done", state=state, result={})


def floods() -> None:
    send("hello")
    line = (
        json.dumps({"v": 1, "seq": 0, "t": 1.0, "ev": "metrics", "step": 1, "values": {"loss": 1.0}}) + "\n"
    )
    for _ in range(200):
        sys.stdout.write(line * 100)
    send("done", state="succeeded", result={})


def ends_with_stdin() -> None:
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    send("hello", grandchild=grandchild.pid)
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
