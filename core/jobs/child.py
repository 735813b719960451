"""A job's child process: started, listened to, spoken to, and ended together with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from core.errors import JobError
from core.jobs import keys
from core.jobs.events import Event, ProtocolError, decode

#: No hub, no telemetry, whatever a library's default is.
QUIET_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DO_NOT_TRACK": "1",
    "OLIVE_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "WANDB_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8",
    "MPLBACKEND": "Agg",
}


def worker_command() -> list[str]:
    """How the worker is started: its own executable in an installed program, a module from source."""
    if getattr(sys, "frozen", False):
        name = "slm-workbench-worker.exe" if os.name == "nt" else "slm-workbench-worker"
        return [str(Path(sys.executable).with_name(name))]
    return [sys.executable, "-m", "core.worker"]


#: How long a native thread waits busily for its next piece of work. The default spins for milliseconds: a
#: tenth gained alone, but beside another busy thread a training step of 1.4 s took more than 10 s, and 2.4 s
#: with this (measured).
SPIN_COUNT, _SPINS = "GOMP_SPINCOUNT", "1000"


#: What keeps a child off the hub; a download that a person agreed to has it open, without the hub's second
#: transport, which would ask hosts that nobody named.
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_ONLINE_ENVIRONMENT = {**dict.fromkeys(_OFFLINE, "0"), "HF_HUB_DISABLE_XET": "1"}


def worker_environment(threads: int, *, network: bool = False) -> dict[str, str]:
    """The child's environment: quiet, and with the chosen number of threads for native libraries.

    Args:
        threads: How many.
        network: Whether the child may reach the hub.
    """
    environment = {
        **keys.without_keys(dict(os.environ)),
        **QUIET_ENVIRONMENT,
        **(_ONLINE_ENVIRONMENT if network else {}),
        "OMP_NUM_THREADS": str(threads),
        SPIN_COUNT: _SPINS,
    }
    root = str(Path(__file__).resolve().parents[2])
    path = [root, *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(path)
    return environment


class Child:
    """One child process and its lines.

    Args:
        command: Program and arguments.
        log: File that takes the child's stderr and every line that is no event; None for a child that gets
            its job later, by `log_to`.
        environment: The child's environment.
        cwd: Its working folder.
    """

    def __init__(self, command: list[str], log: Path | None, environment: dict[str, str], cwd: Path) -> None:
        self._log = open(log or os.devnull, "ab", buffering=0)  # noqa: SIM115 - lives as long as the child
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment,
                cwd=cwd,
                start_new_session=os.name != "nt",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._log.close()
            raise JobError(
                "The worker process could not be started.",
                why=str(error),
                fix="Install SLM Workbench again, or check the memory and process limits of this computer.",
            ) from error
        self.pid = self._process.pid
        #: Events as they come; None when the child's stdout has ended.
        self.lines: queue.Queue[Event | None] = queue.Queue()
        self._write_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"child-{self.pid}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            try:
                found = decode(raw.decode("utf-8", "replace"))
            except ProtocolError as error:
                found = Event(
                    "error",
                    0,
                    0.0,
                    {
                        "kind": "job",
                        "what": "The job could not be understood.",
                        "why": str(error),
                        "fix": "Install SLM Workbench again; its parts have different versions.",
                    },
                )
            if found is None:
                self._log.write(raw)
            else:
                self.lines.put(found)
        self.lines.put(None)

    def log_to(self, log: Path) -> None:
        """Where lines that are no event go from here on; the child redirects its stderr by itself."""
        self._log.close()
        self._log = open(log, "ab", buffering=0)  # noqa: SIM115 - lives as long as the child

    def send(self, command: dict[str, Any]) -> bool:
        """Sends one command; False when the child no longer listens."""
        assert self._process.stdin is not None
        with self._write_lock:
            try:
                self._process.stdin.write(json.dumps(command).encode() + b"\n")
                self._process.stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None while it lives."""
        return self._process.poll()

    def terminate(self) -> None:
        """Asks the whole process group to end."""
        self._signal(getattr(signal, "SIGTERM", 15), force=False)

    def kill(self) -> None:
        """Ends the whole process group."""
        self._signal(getattr(signal, "SIGKILL", 9), force=True)

    def _signal(self, number: int, *, force: bool) -> None:
        if os.name != "nt":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            return
        with contextlib.suppress(psutil.Error):
            tree = psutil.Process(self.pid)
            for process in [*tree.children(recursive=True), tree]:
                with contextlib.suppress(psutil.Error):
                    process.kill() if force else process.terminate()

    def close(self) -> None:
        """After its end: takes along what it left behind and frees the pipes."""
        self.kill()
        self._process.wait()
        self._reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._log.close()


def explain_exit(code: int, log: Path) -> dict[str, str]:
    """A death without a terminal event, in words."""
    tail = ""
    with contextlib.suppress(OSError):
        tail = log.read_bytes()[-4000:].decode("utf-8", "replace")
    if code == -9:
        why = "The system ended it, most often because memory ran out."
        fix = "Close other programs, then resume. If it happens again, choose what needs less memory."
    elif code < 0:
        names = {
            -11: "a fault in a native library",
            -6: "a native library gave up",
            -4: "an unknown instruction",
        }
        why = f"It died of signal {-code} ({names.get(code, 'sent from outside')})."
        fix = "Resume the run; if it dies again, report it with the log."
    else:
        why = f"It ended with code {code} and no result."
        fix = "Look at the log; resume the run to try again."
    return {
        "kind": "job",
        "code": "job.crashed",
        "what": "The job's process died.",
        "why": why,
        "fix": fix,
        "details": tail,
    }
