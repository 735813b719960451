"""`slm-workbench search finetune`: tries out settings and says which learn best."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any, TypeAlias, get_args

from core.cli.console import Output
from core.cli.invocation import Invocation
from core.cli.running import require_kept, say_stopped, start
from core.cli.specs import build, describe, parse_settings
from core.counts import counted
from core.errors import InputError
from core.jobs.timeleft import say_duration
from core.models import trials
from core.models.trials import SearchReport, Trial
from core.specs import FinetuneSpec, SearchSpec
from core.specs.search import SEARCHABLE, Choices, Range, parse_range, problem_of, usual_fields, usual_range
from core.workspace.workspace import Workspace

_Below: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_SHOWN, _BAR = 8, 24
_EPILOG = f"""\
what to search (--search, any number of times; without it everything that suits the method):
  --search learning_rate=1e-4:1e-2    any number between the ends
  --search lora_rank=4,8,16           one of these
  --search epochs                     its usual range
  possible: {", ".join(SEARCHABLE)}
  lora_alpha is searched as a multiple of the rank; grid takes of a range its ends and middle

--json gives {{run, state, ended_by, seconds, train_rows, watched_rows,
trials: [{{number, state, params, value, accuracy, seconds, curve, note}}],
best: {{number, value, accuracy, settings, command}} or null, importance: {{field: share}} or null}};
value is the validation loss, curve a list of [share of training, loss]
"""
_WORDS = {
    "complete": "",
    "pruned": "given up early",
    "diverged": "came apart",
    "failed": "could not run",
    "stopped": "not finished",
    "running": "running",
}


def add(below: _Below) -> None:
    """Puts the parser in place."""
    top = below.add_parser("search", help="find good settings by trying them out")
    kinds = top.add_subparsers(dest="of", metavar="JOB", required=True)
    parser = kinds.add_parser(
        "finetune",
        help="settings of fine-tuning",
        description=SearchSpec.__doc__,
        epilog=f"{_EPILOG}\n{describe(FinetuneSpec)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", required=True, metavar="M", help="the model that learns")
    parser.add_argument("--data", required=True, metavar="D", help="the data it learns from")
    methods = get_args(FinetuneSpec.model_fields["method"].annotation)
    parser.add_argument("--method", choices=methods, help="auto takes LoRA")
    parser.add_argument(
        "--minutes", metavar="K", help="end after K minutes [30, or no limit with --trials alone]; or none"
    )
    parser.add_argument("--trials", type=int, metavar="N", help="end after N trials [30]")
    parser.add_argument(
        "--sampler",
        choices=get_args(SearchSpec.model_fields["sampler"].annotation),
        help="tpe learns from the trials before",
    )
    parser.add_argument(
        "--pruner",
        choices=get_args(SearchSpec.model_fields["pruner"].annotation),
        help="median gives up trials that are worse than half of the others",
    )
    parser.add_argument(
        "--search",
        action="append",
        default=[],
        metavar="FIELD[=LOW:HIGH|=A,B,…]",
        help="what to search, see below",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a setting that every trial shares"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed tries the same")
    parser.add_argument("--name", help="how you will call the result")
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Searches, then shows the best trials, what mattered, and the command that uses the best."""
    model = workspace.artifact(arguments.model, "model")
    data = workspace.artifact(arguments.data, "dataset")
    spec = build(SearchSpec, {"model": model.id, "data": data.id, **_wishes(arguments)})
    name = arguments.name or workspace.free_name(f"{data.name}-search", "report")
    ended = require_kept(workspace, start(workspace, spec, name, output, "Searching"))
    found = workspace.store.artifacts("report", ended.id)
    if not found:
        output.say("Stopped before a trial was finished.")
        output.answer({"run": ended.id, "state": ended.state, "trials": [], "best": None})
        return 0
    report = trials.read(workspace.verified_folder(found[0]))
    command = finetune_command(report, model.name, data.name, output.invocation)
    _show(report, command, output)
    say_stopped(workspace, ended, output)
    output.answer(_answer(ended.id, ended.state, report, command))
    return 0


def _wishes(arguments: argparse.Namespace) -> dict[str, Any]:
    """The command's arguments as fields of a spec.

    Raises:
        InputError: One of them is not possible.
    """
    own = {
        "model": ("--model", arguments.model),
        "data": ("--data", arguments.data),
        "method": ("--method", arguments.method),
    }
    settings = parse_settings(arguments.set, FinetuneSpec, own)
    if arguments.method:
        settings["method"] = arguments.method
    threads = settings.pop("threads", None)
    method = str(settings.get("method", "auto"))
    build(FinetuneSpec, {"model": "", "data": "", **settings})  # refuses a wrong setting by its name
    fields = dict(_field(text, method) for text in arguments.search)
    if not fields:
        fields = {name: span for name, span in usual_fields(method).items() if name not in settings}
    wishes: dict[str, Any] = {"settings": settings, "fields": fields, "threads": threads}
    for name in ("trials", "sampler", "pruner", "seed"):
        if getattr(arguments, name) is not None:
            wishes[name] = getattr(arguments, name)
    if arguments.minutes is not None:
        wishes["minutes"] = _minutes(arguments.minutes)
    elif arguments.trials is not None:
        wishes["minutes"] = None
    return wishes


def _minutes(text: str) -> float | None:
    """The time budget; None for `none`.

    Raises:
        InputError: It is no time.
    """
    if text == "none":
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < math.inf:
        raise InputError(
            f"--minutes {text} is no time.", fix="Write a number above 0, or none for no limit.", code="usage"
        )
    return minutes


def _field(text: str, method: str) -> tuple[str, Range]:
    """`learning_rate=1e-4:1e-2`, `lora_rank=4,8` or `epochs` as a searched field.

    Raises:
        InputError: It cannot be searched, or the values are none.
    """
    field, equals, values = text.partition("=")
    span: Range
    if field not in SEARCHABLE:
        span = Choices(choices=())
    elif not equals:
        span = usual_range(field, method)
    else:
        try:
            span = parse_range(field, values)
        except ValueError:
            raise InputError(
                f"--search {text} has no values to try.",
                fix=f"Write --search {field}=LOW:HIGH or --search {field}=A,B,C.",
                code="usage",
            ) from None
    if problem := problem_of(field, span, method):
        raise InputError(
            f"--search {text} is not possible.",
            why=problem,
            fix="`slm-workbench search finetune --help` shows what can be searched.",
            code="search.field",
        )
    return field, span


def finetune_command(report: SearchReport, model: str, data: str, invocation: Invocation) -> str:
    """The command that fine-tunes with the best settings; empty when no trial was finished."""
    if report.best is None:
        return ""
    parts = ["finetune", "--model", model, "--data", data]
    for field, value in report.settings.items():
        if field == "method":
            parts += ["--method", str(value)]
        else:
            parts += ["--set", f"{field}={value if isinstance(value, str) else json.dumps(value)}"]
    return invocation.line(*parts)


def _answer(run_id: str, state: str, report: SearchReport, command: str) -> dict[str, Any]:
    shown = report.model_dump(mode="json", exclude={"best", "settings", "spec", "version"})
    for item in shown["trials"]:
        item.pop("importance")
    best = next((trial for trial in report.trials if trial.number == report.best), None)
    return {
        "run": run_id,
        "state": state,
        "best": best
        and {
            "number": best.number,
            "value": best.value,
            "accuracy": best.accuracy,
            "settings": report.settings,
            "command": command,
        },
        **shown,
    }


def _show(report: SearchReport, command: str, output: Output) -> None:
    """The best trials as a table, what mattered as bars, and the way on."""
    order = sorted(report.trials, key=_rank)
    fields = list(report.spec["fields"])
    answers = any(trial.accuracy is not None for trial in order)
    rows = [
        [
            f"{'★ ' if trial.number == report.best else ''}{trial.number}",
            "" if trial.value is None else f"{trial.value:.4f}",
            *([] if not answers else ["" if trial.accuracy is None else f"{trial.accuracy * 100:.0f} %"]),
            *(f"{trial.params[field]:.3g}" if field in trial.params else "" for field in fields),
            say_duration(trial.seconds),
            _WORDS[trial.state],
        ]
        for trial in order[:_SHOWN]
    ]
    titles = ["trial", "validation loss", *(["right"] if answers else []), *map(_title, fields), "took", ""]
    output.table(titles, rows, numbers=frozenset(titles[:-1]))
    if len(order) > _SHOWN:
        output.say(f"… and {counted(len(order) - _SHOWN, 'more trial')}.")
    output.say(_ending(report))
    if report.importance:
        output.say()
        output.say("What mattered (share of the differences in loss):")
        for field, share in report.importance.items():
            output.say(f"  {_title(field):<14} {'█' * round(share * _BAR):<{_BAR}} {share * 100:3.0f} %")
    if command:
        output.say()
        output.say("Use the best:")
        output.say(f"  {command}")
    else:
        output.say("No trial was finished. Give the search more time, or fewer passes or rows.")


def _rank(trial: Trial) -> tuple[bool, float, int]:
    return (trial.value is None, trial.value or 0.0, trial.number)


def _title(field: str) -> str:
    return {"lora_alpha": "alpha ÷ rank", "epochs": "passes"}.get(field, field.replace("_", " "))


def _ending(report: SearchReport) -> str:
    finished = sum(trial.state == "complete" for trial in report.trials)
    early = sum(trial.state == "pruned" for trial in report.trials)
    tried = f"{counted(finished, 'trial')} finished{f', {early} given up early' if early else ''}"
    first = next((trial for trial in report.trials if trial.number == 1), None)
    best = next((trial for trial in report.trials if trial.number == report.best), None)
    gain = ""
    if best and first and first.value and best.value is not None and report.spec["sampler"] != "grid":
        if best.number == 1:
            gain = " The usual settings were the best."
        else:
            share = (1 - best.value / first.value) * 100
            gain = f" The best loss is {share:.0f} % below that of the usual settings (trial 1)."
    return (
        f"{tried} in {say_duration(report.seconds)}, judged by {report.watched_rows} validation rows;"
        f" test rows were not touched.{gain}"
    )
