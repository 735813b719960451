"""Runs a job in the terminal: progress with time left, Ctrl-C once to stop and keep, twice to cancel."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import FrameType
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from core.cli.console import Output, say_bytes
from core.errors import CancelledError, WorkbenchError, from_dict
from core.jobs import goes_on, submission, unanswered
from core.jobs.events import Event
from core.jobs.history import usual_seconds
from core.jobs.queue import execute
from core.jobs.supervisor import Supervisor
from core.jobs.timeleft import TimeLeft, say_duration, say_left
from core.specs import Spec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_PLAIN_EVERY_S = 15.0


class RunDisplay:
    """Shows one run's events: a bar in a terminal, a line now and then in a log file."""

    def __init__(
        self, output: Output, title: str, expected_s: float | None = None, seconds_after: float = 0.0
    ) -> None:
        self._output = output
        self._expected_s = expected_s
        self._seconds_after = seconds_after
        self._began = time.monotonic()
        self._title = title
        self._left = TimeLeft()
        self._trials = _TrialNotes()
        self._live = output.errors.is_terminal
        self._note = ""
        self._plain_at = 0.0
        self._shown_phase = ""
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[count]}"),
            TextColumn("[dim]{task.fields[left]}"),
            TextColumn("[dim]{task.fields[note]}"),
            console=output.errors,
            transient=True,
        )
        self._task = self.progress.add_task(escape(title), total=None, count="", left="", note="")

    def take(self, event: Event) -> None:
        """Shows one event."""
        self._left.take(event)
        if event.ev == "metrics":
            values = event.get("values") or {}
            known = (("loss", "loss {:.3f}"), ("tokens_per_s", "{:.0f} tokens/s"))
            self._note = (
                " · ".join(text.format(values[key]) for key, text in known if key in values) or self._note
            )
        elif event.ev == "trial":
            self._note = self._trials.note(event)
        elif event.ev == "warning":
            self._output.errors.print(f"Note: {escape(str(event.get('text', '')))}")
        elif event.ev == "stopping":
            self._output.errors.print("Stopping: finishing this step …")
        elif event.ev == "phase":
            self._note = ""
            if event.get("done"):
                unit = str(event.get("unit") or "").rstrip("s")
                self._output.errors.print(f"Continues after {unit} {self._left.done} of {self._left.total}.")
        if event.ev in ("phase", "progress", "metrics", "trial"):
            self._draw()

    def _draw(self) -> None:
        left = self._left
        seconds = left.seconds()
        share = left.done / left.total if left.total else 1.0
        time_left = say_left(seconds, share) if seconds is not None else self._by_experience()
        if self._seconds_after:
            time_left += f"{', ' if time_left else ''}then about {say_duration(self._seconds_after)}"
        count = _count(left) if left.total else ""
        name = f"{self._title}: {left.phase}" if left.phase else self._title
        if self._live:
            self.progress.update(
                self._task,
                description=escape(name),
                completed=left.done,
                total=left.total,
                count=escape(count),
                left=time_left,
                note=escape(self._note),
            )
            return
        now = time.monotonic()
        if left.phase != self._shown_phase or now - self._plain_at >= _PLAIN_EVERY_S:
            self._shown_phase, self._plain_at = left.phase, now
            parts = [part for part in (name, count, time_left, self._note) if part]
            self._output.errors.print(escape("  ".join(parts)))

    def _by_experience(self) -> str:
        """Time left of the whole job where its phase cannot be counted."""
        if self._expected_s is None:
            return ""
        left = self._expected_s - (time.monotonic() - self._began)
        return f"about {say_duration(left)} left" if left >= 1 else "longer than usual"

    def __enter__(self) -> RunDisplay:
        """Begins to draw."""
        if self._live:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the bar away."""
        if self._live:
            self.progress.stop()


def _count(left: TimeLeft) -> str:
    """What is counted and how much of it is done: `120 of 1500 rows`."""
    if left.unit == "bytes":
        return f"{say_bytes(left.done)} of {say_bytes(left.total or 0)}"
    return f"{left.done} of {left.total} {left.unit}".rstrip()


class _TrialNotes:
    """A search in a few words: which trial runs, and the best loss so far."""

    def __init__(self) -> None:
        self._best: float | None = None

    def note(self, event: Event) -> str:
        """What to say after an event of a trial."""
        value = event.get("value")
        if isinstance(value, int | float):
            self._best = value if self._best is None else min(self._best, value)
        best = f" · best loss {self._best:.3f}" if self._best is not None else ""
        return f"trial {event.get('number')}{best}"


class _Interrupts:
    """Ctrl-C: the first stops and keeps, the second cancels."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._count = 0
        self.supervisor: Supervisor | None = None
        self._old: Any = None

    def __enter__(self) -> _Interrupts:
        self._old = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._old)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self.supervisor is None:
            return
        if self._count == 1:
            self._output.errors.print(
                "Stopping; what is of use by now is kept. Ctrl-C again cancels at once."
            )
            self.supervisor.stop()
        else:
            self.supervisor.cancel()


def run_now(
    workspace: Workspace,
    run: Run,
    output: Output,
    title: str,
    *,
    expected_s: float | None = None,
    seconds_after: float = 0.0,
    note: str = "",
) -> Run:
    """Executes a queued run here; the caller holds the execution lock. Returns it as it ended.

    Args:
        workspace: Where the run lives.
        run: A queued run.
        output: Where its progress is shown.
        title: What is being done, for the bar.
        expected_s: How long it takes, as far as known; earlier runs are asked otherwise.
        seconds_after: Estimated time of the jobs that follow, when this is one of several.
        note: A sentence for the person, after the run's id.
    """
    expected_s = expected_s or usual_seconds(workspace.store, run)
    output.progress(run.id)
    if note:
        output.progress(note)
    with _Interrupts(output) as interrupts, RunDisplay(output, title, expected_s, seconds_after) as display:

        def keep(supervisor: Supervisor) -> None:
            interrupts.supervisor = supervisor

        return execute(workspace, run, display.take, keep)


def start(
    workspace: Workspace,
    spec: Spec,
    name: str,
    output: Output,
    title: str,
    warnings: Sequence[str] = (),
    note: str = "",
    brings: Mapping[str, str] | None = None,
    expected_s: float | None = None,
) -> Run:
    """Queues and executes a job in this process.

    Args:
        workspace: Where it runs.
        spec: What it does.
        name: How its artifact will be called.
        output: Where its progress is shown.
        title: What is being done, for the bar.
        warnings: What its log says first.
        note: A sentence for the person, after the run's id.
        brings: Files of its folder that are there before it begins, by name.
        expected_s: How long it takes, as far as known; earlier runs are asked otherwise.

    Raises:
        InUseError: Another process executes jobs in this workspace.
        InputError: The request is wrong.
    """
    submission.recover(workspace)  # a run whose process is gone holds no name
    submission.require_sound(workspace, spec, name)
    with workspace.execution_lock():
        submission.mark_crashed(workspace)
        run = submission.submit(workspace, spec, name, warnings, brings)
        return run_now(workspace, run, output, title, note=note, expected_s=expected_s)


def require_kept(workspace: Workspace, run: Run) -> Run:
    """The run, if it left something (succeeded, or stopped and kept).

    Raises:
        WorkbenchError: It failed, crashed, or was cancelled.
        CancelledError: It was stopped and has nothing to use, or it was ended since it did not stop.
    """
    if run.state in ("succeeded", "stopped") and not run.kept_nothing:
        return run
    known = run.error or {}
    if known.get("code") == unanswered.CODE:
        raise from_dict(known)
    resumed = f"`slm-workbench runs resume {run.id}` {goes_on.find(workspace, run).clause}."
    if known.get("kind", "cancelled") == "cancelled":
        nothing = "stopped before there was anything to use" if run.kept_nothing else "cancelled"
        raise CancelledError(f"The run {run.id} was {nothing}.", fix=resumed)
    error: WorkbenchError = from_dict(known)
    if run.state == "crashed":
        error.fix = f"{error.fix} {resumed}".strip()
    raise error


def say_stopped(workspace: Workspace, run: Run, output: Output) -> None:
    """What a stopped run has kept, and the command that goes on with it; nothing of any other run."""
    if run.state != "stopped":
        return
    kept, wanted = run.result.get("answers_kept"), run.result.get("answers_wanted")
    resume = f"`slm-workbench runs resume {run.id}`"
    if not kept:
        output.say(f"Stopped and kept. {resume} {goes_on.find(workspace, run).clause}.")
        return
    of = f" of {wanted:,}" if wanted else ""
    answers = "answer" if kept == 1 and not wanted else "answers"
    rest = "goes on without asking again" if kept == wanted else "asks only for what is missing"
    output.say(f"Stopped and kept: {kept:,}{of} {answers} of the teacher. {resume} {rest}.")


def summary(workspace: Workspace, run: Run) -> dict[str, Any]:
    """A run as `--json` shows it."""
    resumed = goes_on.offered(workspace, run)
    return {
        "id": run.id,
        "kind": run.kind,
        "name": run.name,
        "state": run.state,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "spec": run.spec,
        "result": run.result,
        "error": run.error,
        "resume": asdict(resumed) if resumed is not None else None,
        "artifacts": [
            {"id": item.id, "type": item.type, "name": item.name, "bytes": item.bytes}
            for item in workspace.store.artifacts(run_id=run.id)
        ],
    }
