"""`slm-workbench runs`: what ran, what runs, and what to do about it."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from core.cli import sending
from core.cli.commands import generate, run_figures
from core.cli.commands.jobs import finish, say_what_is_left, show_report
from core.cli.consent import agree_to_lose
from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, run_now, summary
from core.jobs import dependants, goes_on, run_folder, submission
from core.jobs.events import Event
from core.jobs.registry import kind_of
from core.jobs.timeleft import say_duration
from core.recipes import saving
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    help = "list, show, compare, repeat, export, save, resume, stop and remove runs"
    group = below.add_parser("runs", help=help)
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("list", help="the runs, newest first").set_defaults(run=run_list)
    for verb, help, function in (
        ("show", "a run's spec, state and figures", run_show),
        ("log", "everything a run said", run_log),
        ("resume", "go on with a run that was stopped, failed or crashed", run_resume),
        ("stop", "finish the step, save, keep", run_stop),
        ("cancel", "end now; what was saved stays until you remove the run", run_cancel),
        ("remove", "forget a run, its checkpoints and its report; models and data stay", run_remove),
    ):
        parser = verbs.add_parser(verb, help=help)
        parser.add_argument("ref", metavar="R")
        parser.set_defaults(run=function)
    run_figures.add(verbs)
    saver = verbs.add_parser("save", help="write a run as a recipe that `slm-workbench run` runs again")
    saver.add_argument("ref", metavar="R")
    saver.add_argument("--out", required=True, metavar="FILE.yaml", help="a new file")
    saver.add_argument("--with-inputs", action="store_true", help="also the jobs that made what it used")
    saver.set_defaults(run=run_save)


def run_save(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Writes a run as a recipe."""
    run = workspace.store.run(arguments.ref)
    path = Path(arguments.out).expanduser().absolute()
    names = saving.save(workspace, run, path, with_inputs=arguments.with_inputs)
    output.say(f"Saved {len(names)} step{'s' if len(names) > 1 else ''} ({', '.join(names)}) as {path}.")
    output.answer({"file": str(path), "run": run.id, "steps": names})
    return 0


def run_list(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Lists the runs, newest first."""
    submission.recover(workspace)
    runs = workspace.store.runs()
    if runs:
        output.table(
            ["run", "name", "state", "began", "took"],
            [[run.id, run.name, run.state, _when(run.began_at), _took(run)] for run in runs],
        )
    else:
        output.say("No runs yet. `slm-workbench demo` shows the whole workflow.")
    output.answer(
        [
            {
                "id": run.id,
                "kind": run.kind,
                "state": run.state,
                "name": run.name,
                "created_at": run.created_at,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
            }
            for run in runs
        ]
    )
    return 0


def _when(at: float | None) -> str:
    return datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _took(run: Run) -> str:
    worked = run.worked_s()
    return say_duration(worked) if worked is not None else ""


def run_show(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Shows one run."""
    submission.recover(workspace)
    run = workspace.store.run(arguments.ref)
    shown = summary(workspace, run)
    shown["metrics"] = {
        name: {"points": len(points), "last": points[-1][1]}
        for name, points in workspace.store.metrics(run.id).items()
    }
    output.say(f"{run.id}  {run.name}  {run.state}  {_when(run.began_at)}  {_took(run)}")
    if run.kind == "evaluate" and run.result.get("models"):
        show_report(run.result, output)
    shown["decided"] = run_folder.decided(workspace.run_folder(run.id), run.spec)
    # What was asked, unless the run decided it or says what came of it: method auto became method lora.
    for key, value in (shown["spec"] | shown["decided"] | shown["result"]).items():
        if value not in (None, "", {}, []) and not _is_table(value):
            output.say(f"  {key:<18} {_figure(key, value) or _plain(workspace, value)}")
    for name, curve in shown["metrics"].items():
        output.say(f"  {name:<18} {curve['last']:.4g} (the last of {curve['points']} values)")
    shown["overfitting"] = run_figures.learning(workspace, run)
    if shown["overfitting"]:
        output.say(f"  {_learns_by_heart(shown['overfitting'])}")
    for artifact in shown["artifacts"]:
        output.say(f"  made {artifact['type']} {artifact['name']}")
    if run.error:
        output.say(f"  {run.error.get('what', '')} {run.error.get('why', '')} {run.error.get('fix', '')}")
    if (resumed := goes_on.offered(workspace, run)) is not None:
        output.say(f"  {resumed.sentence} (`slm-workbench runs resume {run.id}`).")
    output.answer(shown)
    return 0


def _is_table(value: Any) -> bool:
    """Whether a value is shown as a table or not at all, not as a line."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _figure(key: str, value: Any) -> str:
    """A measured figure with its unit, or rounded; empty for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if key.endswith("bytes"):
        return say_bytes(int(value))
    if key == "seconds":
        return say_duration(value)
    return f"{value:.4g}" if isinstance(value, float) else ""


def _plain(workspace: Workspace, value: Any) -> str:
    """A value of a spec or result; artifacts by their names instead of their ids."""
    if isinstance(value, list):
        return ", ".join(_plain(workspace, item) for item in value)
    found = workspace.store.find_artifact(value) if isinstance(value, str) else None
    return found.name if found is not None and found.id == value else str(value)


def _learns_by_heart(found: dict[str, Any]) -> str:
    text = (
        f"Since step {found['since_step']} it gets better on what it has seen and worse on what it has not."
    )
    return f"{text} The result is the model of step {found['kept_step']}." if found["kept_step"] else text


def _line(event: Event) -> str | None:
    """An event as a line of a log, or None for what only pictures want."""
    match event.ev:
        case "log" | "warning":
            text = f"{'note: ' if event.ev == 'warning' else ''}{event.get('text')}"
        case "phase":
            text = f"phase {event.get('name')}"
        case "metrics":
            values = event.get("values") or {}
            text = f"step {event.get('step')}  " + "  ".join(
                f"{key} {value:.4g}" for key, value in values.items()
            )
        case "sample":
            text = f"asked {event.get('prompt')!r}, answered {event.get('answer')!r}"
        case "best":
            text = f"step {event.get('step')} is the best so far, kept"
        case "checkpoint":
            text = f"checkpoint {event.get('step')} verified"
        case "artifact":
            text = f"made {event.get('type')} {event.get('name')}"
        case "state":
            text = str(event.get("state"))
        case "error":
            text = f"{event.get('what')} {event.get('why')}"
        case _:
            return None
    return f"{datetime.datetime.fromtimestamp(event.t).strftime('%H:%M:%S')}  {text}"


def run_log(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Prints a run's events, then what its libraries printed."""
    run = workspace.store.run(arguments.ref)
    folder = workspace.run_folder(run.id)
    events = run_folder.replay(folder)
    for event in events:
        if (line := _line(event)) is not None:
            output.say(line)
    native = folder / "worker.log"
    text = native.read_text(encoding="utf-8", errors="replace") if native.exists() else ""
    if text.strip() and output.debug:
        output.say(text)
    output.answer(
        {
            "id": run.id,
            "worker_log": text,
            "events": [{"ev": event.ev, "seq": event.seq, "t": event.t, **event.fields} for event in events],
        }
    )
    return 0


def run_resume(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Goes on with a run under the same id."""
    submission.recover(workspace)
    submission.require_resumable(workspace, arguments.ref)
    with workspace.execution_lock():
        submission.mark_crashed(workspace)
        run = submission.resume(workspace, arguments.ref)
        spec = kind_of(run.kind).spec
        sending.ask_for_key(workspace, spec.model_validate(run.spec), output)
        run = require_kept(workspace, run_now(workspace, run, output, spec.title))
    if run.kind == "generate":
        return generate.finish(workspace, run, output)
    if run.kind == "prune":
        say_what_is_left(run, output)
    return finish(workspace, run, output, resumed=True)


def run_stop(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Asks whoever executes the run to stop and keep."""
    return _ask(workspace, arguments.ref, "stop", output)


def run_cancel(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Asks whoever executes the run to end it now."""
    return _ask(workspace, arguments.ref, "cancel", output)


def _ask(workspace: Workspace, ref: str, verb: str, output: Output) -> int:
    run = submission.ask(workspace, ref, verb)
    output.say(f"{run.id}: {'taken out of the queue' if run.state == 'cancelled' else f'asked to {verb}'}.")
    output.answer({"id": run.id, "state": run.state, "asked": verb})
    return 0


def run_remove(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Forgets a run."""
    run = submission.require_ended(workspace, arguments.ref)
    lost = dependants.sentences(dependants.of_run(workspace, run))
    agree_to_lose(lost, yes=arguments.yes, output=output)
    submission.remove_run(workspace, run.id)
    output.say(f"Removed {run.id}; models and data it made stay.")
    output.answer({"removed": run.id})
    return 0
