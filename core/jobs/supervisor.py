"""Runs one run: a worker thread that watches a child process and keeps the books.

It writes `events.jsonl` and the store, samples resources, carries out stop and cancel, and takes finished
artifacts into the workspace. Whoever shows the run drains `mailbox` at their own pace.
"""

from __future__ import annotations

import collections
import queue
import threading
import time
from typing import Any

from core.errors import WorkbenchError
from core.jobs import keys, run_folder, spent, unanswered
from core.jobs.child import Child, explain_exit, worker_command, worker_environment
from core.jobs.events import Event, encode
from core.jobs.registry import KINDS
from core.jobs.sampling import TreeSampler, cores
from core.jobs.standby import STANDBY
from core.workspace import overrides, taught
from core.workspace.records import Artifact, Run, State
from core.workspace.workspace import Workspace

STOP_GRACE_S = 120.0  # a step, a validation and a save on a slow computer
CANCEL_GRACE_S = 3.0
_SAMPLE_EVERY_S = 1.0
_POLL_S = 0.1
_METRIC_BATCH_S = 0.5


class Supervisor:
    """One execution of a run; the caller holds the workspace's execution lock until `wait` returns.

    Args:
        workspace: Where the run lives.
        run: A queued run.
        command: The worker's command line; tests put small scripts here.
        stop_grace_s: Time a stop may take before the process group is ended.
    """

    def __init__(
        self,
        workspace: Workspace,
        run: Run,
        *,
        command: list[str] | None = None,
        stop_grace_s: float = STOP_GRACE_S,
    ) -> None:
        self.run_id = run.id
        self.mailbox: collections.deque[Event] = collections.deque()
        self._workspace = workspace
        self._run = run
        self._command = command or worker_command()
        self._stop_grace_s = stop_grace_s
        self._folder = workspace.run_folder(run.id)
        self._wish: State | None = None
        self._deadline: float | None = None
        self._killed = False
        self._seq = 0
        self._points: list[tuple[int, str, float]] = []
        self._points_at = 0.0
        self._terminal: Event | None = None
        self._failure: dict[str, str] | None = None
        self._child: Child | None = None
        self._thread = threading.Thread(target=self._supervise, name=f"supervise-{run.id}", daemon=True)

    # --- for whoever started it ---

    def start(self) -> None:
        """Starts the child and the worker thread."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits for the end; False when it is not over in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Stop and keep: the child finishes its step and saves; after the grace it is ended."""
        if self._wish is None:
            self._wish = "stopped"

    def cancel(self) -> None:
        """End now. The run's folder stays until someone removes it."""
        self._wish = "cancelled"

    @property
    def grace_left_s(self) -> float | None:
        """Seconds until a stopping child is ended, or None when nothing is being stopped."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    # --- the worker thread ---

    def _supervise(self) -> None:
        try:
            self._prepare()
            self._watch()
        except WorkbenchError as error:
            self._failure = {"kind": type(error).code, **error.as_dict()}
        except Exception as error:  # the books must be closed whatever happens
            self._failure = {
                "kind": "job",
                "code": "job.supervisor",
                "what": "The job could not be supervised.",
                "why": f"{type(error).__name__}: {error}",
                "fix": "Look at the log, then resume the run.",
            }
        finally:
            if self._child is not None:
                self._child.close()
            self._conclude()

    def _prepare(self) -> None:
        """Checks the inputs, writes the job file, starts the child."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._seq = run_folder.close_log(self._folder)
        self._set_state("starting")
        store = self._workspace.store
        inputs: dict[str, Artifact] = {}
        for artifact_id in store.inputs(self._run.id):
            self._add_input(artifact_id, inputs)
        threads = int(self._run.spec.get("threads") or cores())
        run_folder.write_job(
            self._folder,
            run_folder.Job(
                kind=self._run.kind,
                name=self._run.name,
                spec=self._run.spec,
                inputs={key: str(self._workspace.artifact_folder(key)) for key in inputs},
                resumed=self._run.resumed,
                threads=threads,
                used_anyway=overrides.used_anyway(self._workspace, inputs.values()),
            ),
        )
        self._child = self._waiting_child(threads) or Child(
            [*self._command, str(self._folder)],
            self._folder / "worker.log",
            worker_environment(threads, network=self._run.kind in KINDS and KINDS[self._run.kind].network),
            self._folder,
        )
        keys.hand_over(self._child, inputs.values())
        STANDBY.prepare()

    def _waiting_child(self, threads: int) -> Child | None:
        if self._command != worker_command() or self._run.spec.get("method") == "qlora":
            return None  # one that waits has no 4 bits
        return STANDBY.take(self._run.kind, threads, self._folder)

    def _add_input(self, artifact_id: str, inputs: dict[str, Artifact]) -> None:
        """An input and the bases it stands on, each verified."""
        artifact = self._workspace.store.find_artifact(artifact_id)
        if artifact is None:
            raise WorkbenchError(
                "An input of this run no longer exists.",
                why=f"{artifact_id} was removed.",
                fix="Start a new run with other inputs.",
                code="input.removed",
            )
        self._workspace.verified_folder(artifact)
        inputs[artifact.id] = artifact
        base = artifact.meta.get("base")
        if isinstance(base, str) and base not in inputs:
            self._add_input(base, inputs)

    def _watch(self) -> None:
        child = self._child
        assert child is not None
        sampler, next_sample = TreeSampler(child.pid), 0.0
        open_stdout = True
        while True:
            try:
                event = child.lines.get(timeout=_POLL_S) if open_stdout else None
                if event is None:
                    open_stdout = False
                else:
                    self._take(event)
            except queue.Empty:
                pass
            now = time.monotonic()
            self._carry_out_wish(child, now)
            if now >= next_sample:
                next_sample = now + _SAMPLE_EVERY_S
                sample = sampler.sample()
                if sample is not None and open_stdout:
                    self._record("resources", rss_bytes=sample.rss_bytes, cpu_percent=sample.cpu_percent)
            if now - self._points_at >= _METRIC_BATCH_S:
                self._flush_points(now)
            if not open_stdout:
                if child.poll() is not None:
                    return
                time.sleep(_POLL_S / 5)

    def _take(self, event: Event) -> None:
        """One event of the child: into the log, the store, the mailbox."""
        if self._terminal is not None:
            return  # nothing may follow a terminal event
        if event.is_terminal:
            self._terminal = event
            return
        if event.ev == "hello":
            self._set_state("running")
        elif event.ev == "metrics":
            values = event.get("values") or {}
            self._points += [(int(event.get("step", 0)), key, float(value)) for key, value in values.items()]
        elif event.ev == "artifact":
            self._take_artifact(event)
            return
        self._record(event.ev, at=event.t, **event.fields)

    def _take_artifact(self, event: Event) -> None:
        name = event.get("name") or self._run.name
        staged, type = self._folder / str(event["folder"]), str(event["type"])
        meta = {**run_folder.facts(staged, type), **(event.get("meta") or {})}
        if type == "model":
            meta |= taught.left_by(self._workspace, self._run)
        earlier = self._workspace.store.find_artifact(name, type)
        artifact = self._workspace.take_artifact(self._run.id, staged, type, name, meta)
        renamed = earlier and self._workspace.store.find_artifact(earlier.id)
        if earlier and renamed and renamed.name != earlier.name:
            text = f"What was kept of {name} when it was stopped is now called {renamed.name}."
            self._record("warning", at=event.t, text=text)
        self._record(
            "artifact",
            at=event.t,
            id=artifact.id,
            type=artifact.type,
            name=artifact.name,
            bytes=artifact.bytes,
        )

    def _carry_out_wish(self, child: Child, now: float) -> None:
        """The ladder: command, grace, terminate the group, kill the group."""
        if self._wish is None:
            return
        if self._wish == "stopped" and self._deadline is None:
            self._set_state("stopping")
            child.send({"cmd": "stop"})
            self._deadline = now + self._stop_grace_s
        elif self._wish == "cancelled" and not self._killed:
            self._set_state("stopping")
            child.terminate()
            self._killed = True
            self._deadline = now + CANCEL_GRACE_S
        elif self._deadline is not None and now >= self._deadline:
            if self._killed:
                child.kill()
            else:
                child.terminate()
                self._killed = True
            self._deadline = now + CANCEL_GRACE_S

    def _conclude(self) -> None:
        """Exactly one end, in the log and in the store."""
        self._deadline = None
        self._flush_points(time.monotonic())
        state: State
        error: dict[str, str] | None = self._failure
        result: dict[str, Any] | None = None
        terminal = self._terminal
        if error is not None:
            state = "failed"
        elif terminal is not None and terminal.ev == "done":
            state = "stopped" if terminal.get("state") == "stopped" else "succeeded"
            result = terminal.get("result") or {}
        elif terminal is not None:
            error = {key: str(value) for key, value in terminal.fields.items()}
            if error.get("kind") != "cancelled":
                state = "failed"
            else:  # a stop found nothing to keep; it is no cancel for that
                state = "stopped" if self._wish == "stopped" else "cancelled"
        elif self._wish == "cancelled":
            state = "cancelled"
        else:
            code = self._child.poll() if self._child is not None else 1
            error = explain_exit(code if code is not None else 1, self._folder / "worker.log")
            state = "crashed"
            if self._wish == "stopped":
                state = "stopped"
                error |= unanswered.error(self._workspace, self._run, self._stop_grace_s)
        if terminal is not None:
            self._record(terminal.ev, at=terminal.t, **terminal.fields)
        elif error is not None:
            self._record("error", at=None, **error)
        self._workspace.store.set_state(self._run.id, state, error=error, result=result)
        self._record("state", state=state)
        spent.clear(self._workspace, self._workspace.store.run(self._run.id))

    # --- books ---

    def _set_state(self, state: State) -> None:
        self._workspace.store.set_state(self._run.id, state)
        self._record("state", state=state)

    def _flush_points(self, now: float) -> None:
        self._points_at = now
        if self._points:
            points, self._points = self._points, []
            self._workspace.store.add_metrics(self._run.id, points)

    def _record(self, ev: str, *, at: float | None = None, **fields: Any) -> None:
        event = Event(ev, self._seq, at if at is not None else time.time(), fields)
        self._seq += 1
        with open(self._folder / "events.jsonl", "ab") as file:
            file.write(encode(event).encode() + b"\n")
        self.mailbox.append(event)
