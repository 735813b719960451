"""What an engine sees of its run: inputs, places to write, and a voice. Lives in the child process."""

from __future__ import annotations

import errno
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from core.errors import CancelledError, JobError
from core.jobs import run_folder
from core.jobs.events import Event, encode
from core.workspace import durable, manifest

_MIN_PROGRESS_GAP_S = 0.05
_KEY_PATIENCE_S = 10.0
_HIDDEN = "[key]"


def end_with_parent() -> None:
    """Ends this process and all it started, at once; checkpoints are made for that."""
    if os.name != "nt" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


class JobContext:
    """The engine's only link to the outside.

    Args:
        folder: The run folder; checkpoints below it survive until the run has succeeded or is removed.
        inputs: Input artifacts' folders by artifact id, already verified by the parent.
        out: The claimed stdout; one event a line.
        resumed: Whether this execution continues an earlier one of the same run.
        threads: Cores the job may use.
        name: The run's name, which its artifact takes.
        used_anyway: Ids of the inputs that a person uses although their receipt is red.
    """

    def __init__(
        self,
        folder: Path,
        inputs: dict[str, Path],
        out: IO[str],
        *,
        resumed: bool = False,
        threads: int = 1,
        name: str = "",
        used_anyway: Iterable[str] = (),
    ) -> None:
        self.folder = folder
        self.name = name
        self.used_anyway = frozenset(used_anyway)
        self.resumed = resumed
        self.resources: dict[str, Any] = {"threads": threads}
        self.final_state = "succeeded"
        self.final_result: dict[str, Any] = {}
        self._inputs = inputs
        self._out = out
        self._seq = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._interrupt = threading.Event()
        self._asks: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._keys: dict[str, str | None] = {}
        self._key_came = threading.Condition()
        self._total: int | None = None
        self._last_progress = 0.0

    # --- what the engine says ---

    def emit(self, ev: str, **fields: Any) -> None:
        """Sends one event; safe from any thread. A gone parent ends the process quietly."""
        with self._lock:
            hidden: dict[str, Any] = self.hide(fields)
            line = encode(Event(ev=ev, seq=self._seq, t=time.time(), fields=hidden))
            self._seq += 1
            try:
                self._out.write(line + "\n")
                self._out.flush()
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EINVAL):  # Windows says EINVAL of a closed pipe
                    raise
                end_with_parent()

    def phase(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        """Begins a stretch of work.

        Args:
            name: A short key such as `training`.
            total: How many units it has.
            unit: What is counted.
            done: Units that were done before, where an interrupted run goes on.
        """
        self._total = total
        self._last_progress = 0.0
        before = {"done": done} if done else {}
        self.emit("phase", name=name, total=total, unit=unit, **before)

    def progress(self, done: int, total: int | None = None, left_s: float | None = None) -> None:
        """Says how far the phase is; sends at most 20 a second, and always the last one.

        Args:
            done: Units that are done.
            total: Units of the phase, where that has changed.
            left_s: Seconds that the phase still takes, where the engine knows better than its pace tells.
        """
        if total is not None:
            self._total = total
        now = time.monotonic()
        if now - self._last_progress < _MIN_PROGRESS_GAP_S and done != self._total:
            return
        self._last_progress = now
        told = {"left_s": round(left_s, 1)} if left_s is not None else {}
        self.emit("progress", done=done, total=self._total, **told)

    def metrics(self, step: int, **values: float) -> None:
        """Numbers at a step, for curves: loss, validation_loss, tokens_per_s, latency_ms and so on."""
        self.emit("metrics", step=step, values={key: float(value) for key, value in values.items()})

    def sample(
        self,
        *,
        prompt: str,
        answer: str,
        expected: str | None = None,
        step: int | None = None,
        model: str | None = None,
        note: str | None = None,
        teacher: str | None = None,
    ) -> None:
        """An answer of the model as it is now; `model` names it where a job has several.

        `teacher` is what the teacher answers to the same prompt.
        """
        more = {key: text for key, text in (("note", note), ("teacher", teacher)) if text is not None}
        self.emit("sample", prompt=prompt, answer=answer, expected=expected, step=step, model=model, **more)

    def warn(self, text: str) -> None:
        """Something the person should know, in one sentence."""
        self.emit("warning", text=text)

    def goes_on_after(self, unit: str, done: int, total: int | None = None) -> None:
        """What an interrupted run would not have to do again: so many of so many are kept by now."""
        run_folder.mark_kept(self.folder, unit, done, total)

    def log(self, text: str) -> None:
        """A line for the run's log."""
        self.emit("log", text=text)

    def result(self, **values: Any) -> None:
        """Figures stored with the run when it ends."""
        self.final_result.update(values)

    # --- what the engine asks ---

    def input(self, artifact_id: str) -> Path:
        """Folder of an input artifact; read-only."""
        try:
            return self._inputs[artifact_id]
        except KeyError:
            raise JobError(f"The run has no input {artifact_id}.", fix="Start the job again.") from None

    def key(self, artifact_id: str) -> str | None:
        """The key of an endpoint, which only the parent knows; None when there is none.

        Raises:
            JobError: The parent says nothing of it.
        """
        with self._key_came:
            if not self._key_came.wait_for(lambda: artifact_id in self._keys, _KEY_PATIENCE_S):
                raise JobError("The key of the endpoint did not come.", fix="Start the job again.")
            return self._keys[artifact_id]

    def hide(self, value: Any) -> Any:
        """The value without any key in its texts: an endpoint may repeat it in what it answers."""
        keys = [key for key in list(self._keys.values()) if key]
        if not keys:
            return value
        if isinstance(value, str):
            for key in keys:
                value = value.replace(key, _HIDDEN).replace(json.dumps(key)[1:-1], _HIDDEN)
            return value
        if isinstance(value, dict):
            return {name: self.hide(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide(item) for item in value]
        return value

    def resolved(self, decide: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was decided by measuring: made once, stored before the first step, reused on resume."""
        path = self.folder / run_folder.RESOLVED
        if path.exists():
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return stored
        values = decide()
        durable.write_json(path, values)
        self.emit("resolved", values=values)
        return values

    @property
    def stop_requested(self) -> bool:
        """The person asked to stop and keep: finish the step, save, call `stopped` and return."""
        return self._stop.is_set()

    def stopped(self) -> None:
        """The engine took the stop request and kept what there is."""
        self.final_state = "stopped"

    def check_cancelled(self) -> None:
        """For work of which half is worth nothing: a stop request ends it.

        Raises:
            CancelledError: A stop was requested.
        """
        if self._stop.is_set():
            raise CancelledError("The job was stopped before it had a result.")

    # --- artifacts ---

    def stage(self, name: str) -> Path:
        """A fresh, empty folder in which an artifact takes shape."""
        folder = self.folder / "out" / name
        durable.remove_folder(folder)
        folder.mkdir(parents=True)
        return folder

    def artifact(
        self, type: str, folder: Path, name: str | None = None, meta: dict[str, Any] | None = None
    ) -> None:
        """Seals a staged folder with its manifest and announces it; the parent takes it into the workspace.

        Args:
            type: dataset, model, report or package.
            folder: A folder made by `stage`.
            name: Proposed name; the run's name when empty.
            meta: Small facts to list it by.
        """
        sealed = manifest.write(folder)
        self.emit(
            "artifact",
            type=type,
            folder=folder.relative_to(self.folder).as_posix(),
            name=name,
            meta=meta or {},
            digest=sealed.digest,
            bytes=sealed.total_bytes,
        )

    # --- commands from the parent, fed by the worker ---

    def take(self, command: dict[str, Any]) -> None:
        """Handles one command of the parent; called from the worker's reader thread."""
        match command.get("cmd"):
            case "stop":
                if not self._stop.is_set():
                    self._stop.set()
                    self._asks.put(None)
                    self.emit("stopping")
            case "key":
                with self._key_came:
                    self._keys[str(command.get("of"))] = command.get("key")
                    self._key_came.notify_all()
            case "interrupt":
                self._interrupt.set()
            case "ask":
                self._interrupt.clear()
                self._asks.put(command)

    def asks(self) -> Iterator[dict[str, Any]]:
        """Chat requests as they come, until a stop."""
        while (command := self._asks.get()) is not None:
            yield command

    @property
    def interrupted(self) -> bool:
        """The person asked to end the current chat answer."""
        return self._interrupt.is_set()
