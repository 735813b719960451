"""The process of a dry run, which may die of hunger: then that is the answer.

It offers itself to the system's out-of-memory killer first, and is ended from here before the computer's last
memory is gone, so that nothing else has to suffer for a question.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, cast

import psutil

from core.engines.seal import seal, without_four_bit
from core.errors import JobError, WorkbenchError, from_dict
from core.jobs.context import JobContext
from core.jobs.events import decode
from core.jobs.sampling import free_memory_bytes, total_memory_bytes
from core.specs import TrainingSpec

_POLL_S = 0.1
_END_GRACE_S = 5.0
_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory")
#: Ended when less than this share of the computer's memory is left.
_LAST = 0.03


@dataclass(frozen=True)
class Died:
    """The dry run ended for lack of memory.

    Attributes:
        rss_bytes: The highest memory that was seen of it.
        phase: What it was doing.
    """

    rss_bytes: int
    phase: str


Told = Callable[[str, dict[str, Any]], None]


def run(spec: TrainingSpec, inputs: dict[str, Path], scratch: Path, threads: int, tell: Told) -> Any:
    """Measures in a fresh process.

    Args:
        spec: The fine-tuning.
        inputs: Folders of the artifacts by id.
        scratch: An empty folder for what it writes.
        threads: Cores it may use.
        tell: Gets the events of its job, by name.

    Returns:
        `Measured`, or `Died`.

    Raises:
        WorkbenchError: The model or the data cannot be learnt from, or the process died of something else.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(spec, inputs, scratch, threads, sending), daemon=True)
    process.start()
    sending.close()
    seen, phase = 0, "loading"
    try:
        while True:
            if receiving.poll(_POLL_S):
                try:
                    name, value = receiving.recv()
                except EOFError:
                    process.join(_END_GRACE_S)
                    return _died(process.exitcode, seen, phase)
                if name == "measured":
                    return value
                if name == "died":
                    return Died(max(seen, value), phase)
                if name == "failed":
                    raise from_dict(value)
                phase = value.get("name", phase) if name == "phase" else phase
                tell(name, value)
            with contextlib.suppress(psutil.Error):
                seen = max(seen, psutil.Process(process.pid).memory_info().rss)
            if free_memory_bytes() < _LAST * total_memory_bytes():
                process.kill()
                return Died(seen, phase)
    finally:
        receiving.close()
        if process.is_alive():
            process.join(_END_GRACE_S)
        if process.is_alive():
            process.kill()
        process.join()
        process.close()


def _died(exitcode: int | None, seen: int, phase: str) -> Died:
    if exitcode == -9:
        return Died(seen, phase)
    raise JobError(
        "The dry run ended early.",
        why=f"Its process ended with code {exitcode} and without a word.",
        fix="Try again; if it happens again, report it with the log.",
    )


def _main(spec: TrainingSpec, inputs: dict[str, Path], scratch: Path, threads: int, out: Connection) -> None:
    """Body of the process."""
    seal()
    if not spec.in_four_bits():
        without_four_bit()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = JobContext(scratch, inputs, cast("IO[str]", _Voice(out)), threads=threads, name="dry run")
    try:
        from core.engines.fitting import dry_run  # the libraries' memory belongs to this process alone

        out.send(("measured", dry_run.measure(spec, job)))
    except WorkbenchError as error:
        out.send(("failed", {"kind": type(error).code, **error.as_dict()}))
    except Exception as error:  # the border of the process: it must become a message
        if isinstance(error, MemoryError) or any(word in str(error) for word in _OUT_OF_MEMORY):
            out.send(("died", psutil.Process().memory_info().rss))
            return
        text = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        failure = JobError(
            "The dry run failed.",
            why=text,
            fix="Look at the details; the fine-tuning would fail in the same way.",
            details=traceback.format_exc(),
        )
        out.send(("failed", {"kind": "job", **failure.as_dict()}))
    finally:
        out.close()


def _end_with_parent() -> None:
    """A killed parent cannot end its children."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


class _Voice(io.TextIOBase):
    """Where the job's events go: on to the parent, one message each."""

    def __init__(self, out: Connection) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """One event a call."""
        event = decode(text)
        if event is not None and event.ev in ("phase", "progress", "warning", "log"):
            self._out.send((event.ev, event.fields))
        return len(text)
