"""`slm-workbench compare`: which variant to take, by figures that are stored or measured now."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, TypeAlias

from core.cli import evaluation_text
from core.cli.commands.jobs import served
from core.cli.consent import require_yes
from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start
from core.cli.specs import build
from core.counts import counted
from core.errors import InputError
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.models.board import axes, board, choice, evidence, export, forecast, sentence
from core.models.board.axes import Limits
from core.models.board.board import Board, Variant
from core.models.board.evidence import Subject
from core.models.report import ModelFigures
from core.models.verdict import measure_name
from core.specs import EvaluateSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_Below: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_SPLIT = "test"
_FEWER = 100  # rows that are suggested where all of them may take long


def add(below: _Below) -> None:
    """Puts the parser in place."""
    parser = below.add_parser(
        "compare",
        help="which variant to take: right answers, time, memory, size",
        description="Compares models on the test rows of a data set. Figures of earlier evaluations are "
        "used; models without any are measured first, after a yes.",
    )
    parser.add_argument("models", nargs="+", metavar="M", help="the variants")
    parser.add_argument("--data", required=True, metavar="D", help="the data whose test rows are answered")
    parser.add_argument("--within-ms", type=float, metavar="N", help="limit: an answer takes at most N ms")
    parser.add_argument("--memory-mb", type=float, metavar="N", help="limit: at most N MB of memory")
    parser.add_argument("--disk-mb", type=float, metavar="N", help="limit: at most N MB on disk")
    parser.add_argument(
        "--right", type=float, metavar="N", help="limit: at least N per cent right; of perplexity at most N"
    )
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="a model without figures answers only N rows, spread evenly [all]",
    )
    parser.add_argument("--out", metavar="FILE", help="write it to a new file: .html, .csv or .png")
    parser.set_defaults(run=run_compare)


def run_compare(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Measures what is missing, prints the table and the verdict, and writes the file."""
    if arguments.limit is not None and arguments.limit < 1:
        raise InputError(
            f"--limit {arguments.limit} is no number of rows.",
            fix="Write a number above 0, or leave it out for all rows.",
            code="usage",
        )
    _require_limits(arguments)
    out = export.check(Path(arguments.out).expanduser().absolute()) if arguments.out else None
    models = list(dict.fromkeys(served(workspace, ref) for ref in arguments.models))
    data = workspace.artifact(arguments.data, "dataset")
    run_id = _measure(workspace, models, data, arguments, output)
    made = _board(workspace, models, data)
    limits = _limits(made, arguments)
    foremost, recommended = choice.foremost(made, limits), choice.recommend(made, limits)
    verdict = choice.judge(made, foremost, limits, recommended) if foremost is not None else None
    said = sentence.sentence(made, verdict, limits)
    _show(made, limits, recommended, output)
    output.say(said)
    for note in sentence.notes(made):
        output.say(f"Note: {note}")
    if out is not None:
        export.write(made, limits, out)
        output.say(f"Wrote {out}.")
    output.answer(
        {
            "data": data.name,
            "split": _SPLIT,
            "rows": len(made.rows),
            "measure": made.measure,
            "models": [_plain(made, item, limits, recommended) for item in made.variants],
            "verdict": said,
            "recommended": recommended.name if recommended is not None else None,
            "hardly_useful": verdict is not None and verdict.doubt is not None,
            "notes": sentence.notes(made),
            "run": run_id,
            "out": str(out) if out is not None else None,
        }
    )
    return 0


def _measure(
    workspace: Workspace, models: list[str], data: Artifact, arguments: argparse.Namespace, output: Output
) -> str | None:
    """Has models without figures on these rows measured, after a yes. Returns the id of the run."""
    known = _known(workspace, data)
    measured = {figures.id for figures in known}
    missing = [key for key in models if key not in measured]
    if not missing:
        return None
    told = {"models": missing, "data": data.id, "split": _SPLIT, "limit": arguments.limit}
    spec = build(EvaluateSpec, told)
    submission.require_suitable(workspace, spec)
    rows = forecast.rows_of(data, _SPLIT, arguments.limit)
    said = _outlook(workspace, missing, rows, known)
    if arguments.yes:
        output.progress(said)
    fewer = f", or ask fewer rows of each: --limit {_FEWER} --yes" if rows > _FEWER else ""
    require_yes(said, yes=arguments.yes, output=output, fix=f"Add --yes{fewer}.")
    name = workspace.free_name(f"{data.name}-evaluation", "report")
    run = require_kept(workspace, start(workspace, spec, name, output, "Evaluating"))
    return run.id


def _known(workspace: Workspace, data: Artifact) -> list[ModelFigures]:
    """What is stored of these rows; a stopped evaluation lacks figures of some of its models."""
    reports = [
        board.report_of(workspace, item)
        for item in evidence.evaluations(workspace)
        if (item.data, item.split) == (data.id, _SPLIT)
    ]
    return [
        figures for found in reports if found is not None for figures in found.models if figures.quality.n
    ]


def _outlook(workspace: Workspace, missing: list[str], rows: int, known: list[ModelFigures]) -> str:
    """Which models are measured first, on how many rows each, and about how long that takes."""
    names = ", ".join(_named(workspace, key) for key in missing)
    seconds = forecast.seconds(workspace, missing, rows, known)
    time = (
        f", about {say_duration(seconds)}"
        if seconds is not None
        else "; how long that takes is not known, as no model has answered any of them yet"
    )
    amount = f"{counted(len(missing), 'model')} × {counted(rows)}"
    return f"Not measured on these rows yet: {names}. To measure: {amount}{time}."


def _named(workspace: Workspace, key: str) -> str:
    model, colon, adapter = key.partition(":")
    return f"{workspace.artifact(model, 'model').name}{colon}{adapter}"


def _board(workspace: Workspace, models: list[str], data: Artifact) -> Board:
    subject = Subject(data.id, data.name, _SPLIT, "", "", tuple(models))
    made = board.read(workspace, subject)
    if not made.variants:
        raise InputError(
            "There are no figures to compare.",
            why="The evaluation was stopped before a row was answered.",
            fix="Run the same command again.",
            code="compare.empty",
        )
    return made


def _require_limits(arguments: argparse.Namespace) -> None:
    """Refuses limits that no model could keep, or every one."""
    for name in ("within_ms", "memory_mb", "disk_mb", "right"):
        given = getattr(arguments, name)
        if given is not None and not (math.isfinite(given) and given > 0):
            option = f"--{name.replace('_', '-')}"
            raise InputError(
                f"{option} cannot be {given:g}.",
                why="A limit is a number above 0.",
                fix=f"Write {option} N, or leave it out.",
                code="usage",
            )


def _limits(made: Board, arguments: argparse.Namespace) -> Limits:
    right = arguments.right
    if right is not None and not made.less_is_better:
        if right > 100:
            raise InputError(
                f"--right cannot be {right:g}.",
                why=f"{measure_name(made.measure, made.answers_by).capitalize()} is told in per cent.",
                fix="Write a number up to 100.",
                code="usage",
            )
        right /= 100
    return Limits(
        time_ms=arguments.within_ms,
        memory_bytes=arguments.memory_mb * 1e6 if arguments.memory_mb is not None else None,
        disk_bytes=arguments.disk_mb * 1e6 if arguments.disk_mb is not None else None,
        right=right,
    )


def _show(made: Board, limits: Limits, recommended: Variant | None, output: Output) -> None:
    unit = "" if made.less_is_better else ", %"
    measure = f"{measure_name(made.measure, made.answers_by)}{unit} (95 %)"
    columns = ["variant", measure, "answer (median)", "tokens/s", "disk", "memory", "what it is"]
    rows = []
    for item in made.variants:
        figures = item.figures
        star = "★ " if item is recommended else ""
        over = " (misses a limit)" if axes.broken(made, item, limits) else ""
        stopped = f" (stopped: {sentence.answered(item)} rows)" if item.is_stopped else ""
        rows.append(
            [
                f"{star}{item.name}{over}{stopped}",
                _figure(made, item),
                evaluation_text.answer_time(figures.latency_ms, figures.timing),
                f"{figures.tokens_per_s:.0f}" if figures.tokens_per_s is not None else "",
                say_bytes(figures.bytes_on_disk),
                say_bytes(figures.peak_rss_bytes) if figures.peak_rss_bytes is not None else "",
                sentence.kind_of(item.member),
            ]
        )
    output.table(columns, rows, numbers=frozenset(columns[1:-1]))


def _figure(made: Board, item: Variant) -> str:
    scale, digits = (1, 2) if made.less_is_better else (100, 1)
    low, high = (f"{bound * scale:.{digits}f}" for bound in item.ci95)
    rows = "" if made.same_rows or item.is_stopped else f" on {counted(item.rows)}"
    return f"{item.value * scale:.{digits}f} ({low}–{high}){rows}"


def _plain(made: Board, item: Variant, limits: Limits, recommended: Variant | None) -> dict[str, Any]:
    best = made.best_first()[0]
    found = made.compare(item, best) if item is not best else None
    return {
        **item.figures.model_dump(mode="json", exclude_none=True),
        "model": item.name,
        "role": item.member.role,
        "rows_asked": item.asked,
        "stopped": item.is_stopped,
        "recommended": item is recommended,
        "over_limits": list(axes.broken(made, item, limits)),
        "against_best": {
            "model": best.name,
            "rows": found.rows,
            "difference": found.difference.value,
            "ci95": list(found.difference.ci95),
            "p_value": found.difference.p_value,
        }
        if found is not None
        else None,
    }
