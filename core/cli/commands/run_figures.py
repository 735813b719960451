"""`slm-workbench runs compare | repeat | export`: what to learn from runs, and how to go on from one."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any, TypeAlias

from core.cli import receipt_text, sending
from core.cli.console import Output, say_bytes, say_type
from core.cli.running import require_kept, start, summary
from core.cli.specs import build, parse_settings
from core.jobs import comparison, export, run_folder
from core.jobs.comparison import MOST_RUNS, Figures
from core.jobs.curves import read
from core.jobs.events import plain
from core.jobs.repetition import values_of
from core.jobs.timeleft import say_duration
from core.models.learning_curve import judge
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add(verbs: _Verbs) -> None:
    """Puts the parsers in place."""
    parser = verbs.add_parser("compare", help="what differs between runs, and what came of it")
    parser.add_argument("refs", nargs="+", metavar="R", help=f"two to {MOST_RUNS} runs")
    parser.set_defaults(run=run_compare)
    parser = verbs.add_parser("repeat", help="start a run again, with settings changed")
    parser.add_argument("ref", metavar="R")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a setting to change"
    )
    parser.add_argument("--name", help="how you will call the result")
    parser.set_defaults(run=run_repeat)
    parser = verbs.add_parser("export", help="write a run's figures for TensorBoard, a spreadsheet, a script")
    parser.add_argument("ref", metavar="R")
    parser.add_argument("--format", choices=export.FORMATS, default="tensorboard")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.set_defaults(run=run_export)


def run_compare(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Prints what differs and what came of it, a run a column."""
    found = comparison.compare(workspace, arguments.refs)
    names = [run.name if _is_alone(run, found.runs) else run.id for run in found.runs]
    rows = [
        [item.label, *("" if value is None else str(value) for value in item.values)]
        for item in found.differences
    ]
    rows += [["", *("" for _ in names)]] if rows else []
    rows.append(["State", *(run.state for run in found.runs)])
    told = [_say(figures) for figures in found.figures]
    rows += [[label, *(item[label] for item in told)] for label in told[0] if any(x[label] for x in told)]
    output.table(["", *names], rows)
    if not found.differences:
        output.say("Nothing differs in what they were told.")
    output.answer(
        plain(
            {
                "runs": [
                    {"id": run.id, "name": run.name, "kind": run.kind, "state": run.state}
                    for run in found.runs
                ],
                "differences": [dataclasses.asdict(item) for item in found.differences],
                "figures": [dataclasses.asdict(item) for item in found.figures],
            }
        )
    )
    return 0


def _is_alone(run: Run, runs: tuple[Run, ...]) -> bool:
    return sum(other.name == run.name for other in runs) == 1


def _say(figures: Figures) -> dict[str, str]:
    """Each figure by its label, as text with its unit."""

    def number(value: float | None, suffix: str = "") -> str:
        return "" if value is None else f"{value:.4g}{suffix}"

    best = number(figures.best_validation_loss)
    return {
        "Best validation loss": f"{best} (step {figures.best_step})" if best else "",
        "Last validation loss": number(figures.validation_loss),
        "Training loss at the end": number(figures.train_loss),
        "Steps": "" if figures.steps is None else str(figures.steps),
        "Speed": number(figures.tokens_per_s, " tokens/s"),
        "Memory at most": "" if figures.peak_rss_bytes is None else say_bytes(figures.peak_rss_bytes),
        "Took": "" if figures.seconds is None else say_duration(figures.seconds),
    }


def run_repeat(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Starts a run with the spec of an earlier one, some of its fields changed."""
    earlier = workspace.store.run(arguments.ref)
    kind, values = values_of(workspace, earlier)
    spec = build(kind.spec, {**values, **parse_settings(arguments.set, kind.spec)})
    name = arguments.name or workspace.free_name(earlier.name, kind.makes)
    sending.agree_to_send(workspace, spec, yes=arguments.yes, output=output)
    run = require_kept(workspace, start(workspace, spec, name, output, kind.spec.title))
    shown = summary(workspace, run)
    for artifact in shown["artifacts"]:
        output.say(f"Made {say_type(artifact['type'])} {artifact['name']} ({say_bytes(artifact['bytes'])}).")
        kept = workspace.artifact(artifact["id"], artifact["type"])
        receipt_text.after_making(workspace, kept, output)
    output.say(f"`slm-workbench runs compare {earlier.id} {run.id}` shows what changed.")
    output.answer(shown)
    return 0


def run_export(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Writes a run's figures to a folder."""
    run = workspace.store.run(arguments.ref)
    out = Path(arguments.out).expanduser().absolute()
    made = export.export(workspace, run, arguments.format, out)
    output.say(f"Wrote {made}.")
    if arguments.format == "tensorboard":
        output.say(f"`tensorboard --logdir {out}` shows it, where TensorBoard is installed.")
    output.answer({"id": run.id, "format": arguments.format, "path": str(made)})
    return 0


def learning(workspace: Workspace, run: Run) -> dict[str, Any] | None:
    """Whether the run learnt by heart, and what was kept; None where it did not."""
    found = read(run_folder.replay(workspace.run_folder(run.id)))
    training = [(float(point.step), point.value) for point in found.get("loss", ())]
    looks = [(float(point.step), point.value) for point in found.get("validation_loss", ())]
    overfitting = judge(training, looks)
    if overfitting is None:
        return None
    return {**dataclasses.asdict(overfitting), "kept_step": run.result.get("best_step")}
