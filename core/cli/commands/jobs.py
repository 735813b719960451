"""`slm-workbench finetune | merge | prune | evaluate`: a flag sets a field, a job runs it."""

from __future__ import annotations

import argparse
import json
import shlex
from typing import Any, TypeAlias, get_args

from core import overlap
from core.cli import evaluation_text, fitting, receipt_text, sending
from core.cli.commands import recipe
from core.cli.console import Output, say_bytes, say_type
from core.cli.next_command import next_command
from core.cli.running import require_kept, say_stopped, start, summary
from core.cli.specs import build, describe, parse_settings
from core.counts import counted
from core.errors import InputError
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.models import nearness, presets, verdict
from core.models.board import forecast
from core.models.evaluation_time import EvaluationTimes
from core.models.pruning import refusal, rounds
from core.models.report import Comparison, ModelFigures, main_figure
from core.recipes import shrinking
from core.specs import DistillSpec, EvaluateSpec, FinetuneSpec, MergeSpec, PruneSpec, Spec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_FEW_ROWS = 100
Below: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_parser(below: Below, name: str, spec: type[Spec], help: str) -> argparse.ArgumentParser:
    """A command that takes `--set` and `--name`."""
    parser = below.add_parser(
        name,
        help=help,
        description=spec.__doc__,
        epilog=describe(spec),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting, see below"
    )
    parser.add_argument("--name", help="how you will call the result")
    return parser


def add_finetune(below: Below) -> None:
    """Puts the parser in place."""
    add_finetune_arguments(below, "teach a model your task from examples").set_defaults(run=run_finetune)


def add_finetune_arguments(below: Below, help: str) -> argparse.ArgumentParser:
    """A parser that takes what `finetune` takes."""
    parser = add_parser(below, "finetune", FinetuneSpec, help)
    parser.add_argument("--model", required=True, metavar="M", help="the model that learns")
    parser.add_argument("--data", required=True, metavar="D", help="the data it learns from")
    methods = get_args(FinetuneSpec.model_fields["method"].annotation)
    parser.add_argument("--method", choices=methods, help="auto takes LoRA")
    parser.add_argument(
        "--patience",
        choices=presets.PATIENCES,
        default=presets.DEFAULT,
        help="how long it may learn; fills what you do not --set to suit model and task (balanced)",
    )
    return parser


def add_merge(below: Below) -> None:
    """Puts the parser in place."""
    parser = add_parser(below, "merge", MergeSpec, "one model out of adapters")
    parser.add_argument("models", nargs="+", metavar="M", help="adapters over one base")
    parser.add_argument("--weights", metavar="A,B", help="how much of each, such as 0.7,0.3")
    parser.set_defaults(run=run_merge)


def add_prune(below: Below) -> None:
    """Puts the parser in place."""
    parser = add_parser(below, "prune", PruneSpec, "cut a smaller model out of a model")
    parser.add_argument("model", metavar="M", help="the model to cut from; it stays as it is")
    parser.add_argument("--data", required=True, metavar="D", help="the data that shows what M needs")
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(1, rounds.MOST_ROUNDS + 1),
        help="cut in so many rounds and distill from M after each; the same command goes on where it stopped",
    )
    parser.add_argument(
        "--learn",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="with --rounds: a setting of `distill`",
    )
    parser.set_defaults(run=run_prune)


def add_evaluate(below: Below) -> None:
    """Puts the parser in place."""
    parser = add_parser(below, "evaluate", EvaluateSpec, "measure models on test rows")
    parser.add_argument("models", nargs="+", metavar="M", help="the models to compare")
    parser.add_argument("--data", required=True, metavar="D", help="the data whose test rows are answered")
    parser.set_defaults(run=run_evaluate)


def finetune_spec(workspace: Workspace, arguments: argparse.Namespace) -> tuple[FinetuneSpec, str]:
    """The spec that the arguments of `finetune` describe, and what was chosen to suit model and task.

    Raises:
        InputError: Model, data or a setting is wrong.
    """
    model = workspace.artifact(arguments.model, "model")
    submission.require_local(model)
    submission.require_weights(workspace, model, FinetuneSpec.title)
    data = workspace.artifact(arguments.data, "dataset")
    own = {
        "model": ("--model", arguments.model),
        "data": ("--data", arguments.data),
        "method": ("--method", arguments.method),
    }
    by_hand = parse_settings(arguments.set, FinetuneSpec, own)
    if arguments.method:
        by_hand["method"] = arguments.method
    preset = presets.choose(
        presets.facts_of(workspace.store, model),
        str(data.meta.get("task") or ""),
        arguments.patience,
        str(by_hand.get("method", "auto")),
    )
    spec = build(FinetuneSpec, {**preset.values(), "model": model.id, "data": data.id, **by_hand})
    return spec, preset.sentence(by_hand)


def run_finetune(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Fine-tunes, unless it clearly needs more memory than there is."""
    spec, chosen = finetune_spec(workspace, arguments)
    method = "lora" if spec.method == "auto" else spec.method
    data = workspace.artifact(arguments.data, "dataset")
    name = arguments.name or workspace.free_name(f"{data.name}-{method}", "model")
    warnings = fitting.require(workspace, spec, arguments, output)
    run = require_kept(workspace, start(workspace, spec, name, output, "Fine-tuning", warnings, chosen))
    return finish(workspace, run, output)


def run_merge(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Merges."""
    models = [workspace.artifact(ref, "model") for ref in arguments.models]
    own = {"models": ("M", arguments.models), "weights": ("--weights", arguments.weights)}
    settings = parse_settings(arguments.set, MergeSpec, own)
    values: dict[str, Any] = {"models": [m.id for m in models], **settings}
    if arguments.weights:
        values["weights"] = _numbers(arguments.weights)
    spec = build(MergeSpec, values)
    suggested = "-".join([*(model.name for model in models), "merged"])
    name = arguments.name or workspace.free_name(suggested, "model")
    run = require_kept(workspace, start(workspace, spec, name, output, "Merging"))
    return finish(workspace, run, output)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(
            f"--weights {text} are not numbers.", fix="Write --weights 0.7,0.3.", code="usage"
        ) from None


def run_prune(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Prunes, and with `--rounds` learns again in between."""
    model = workspace.artifact(arguments.model, "model")
    data = workspace.artifact(arguments.data, "dataset")
    # What no setting mends is named before the settings are asked for.
    submission.require_answers(data)
    submission.require_local(model)
    submission.require_weights(workspace, model, PruneSpec.title)
    refusal.require_suitable(workspace, model, data)
    own = {"model": ("M", arguments.model), "data": ("--data", arguments.data)}
    settings = parse_settings(arguments.set, PruneSpec, own)
    spec = build(PruneSpec, {"model": model.id, "data": data.id, **settings})
    if arguments.rounds:
        return _run_rounds(workspace, spec, arguments, output)
    if arguments.learn:
        raise InputError("--learn needs --rounds.", fix="Add --rounds 2.", code="usage")
    name = arguments.name or workspace.free_name(f"{model.name}-pruned", "model")
    run = require_kept(workspace, start(workspace, spec, name, output, "Pruning"))
    say_what_is_left(run, output)
    return finish(workspace, run, output)


def _run_rounds(workspace: Workspace, spec: PruneSpec, arguments: argparse.Namespace, output: Output) -> int:
    model = workspace.artifact(spec.model, "model")
    name = arguments.name or f"{model.name}-small"  # the same again, so that the same command goes on
    learning = parse_settings(arguments.learn, DistillSpec)
    path, cuts = shrinking.write(workspace, spec, arguments.rounds, name, learning)
    for number, cut in enumerate(cuts, 1):
        output.progress(f"Round {number}: {counted(cut.layers, 'layer')} of {cut.neurons} neurons stay.")
    output.progress(f"Kept as a recipe: {path}")
    return recipe.cook(workspace, path, "", output, yes=arguments.yes)


def say_what_is_left(run: Run, output: Output) -> None:
    """How large a pruned model is, and whether it must learn again."""
    left = run.result or {}
    output.say(
        f"Left are {left['layers']} layers with {left['ffn']} neurons each and {left['vocabulary']} tokens: "
        f"{left['parameters'] / 1e6:.1f} M numbers, {left['parameters'] / left['parameters_before']:.0%} of "
        "the model."
    )
    if "answer_ms" in left:
        output.say(f"Of this size, an answer took {left['answer_ms']:.1f} ms in int8 here.")
    if "agreement" not in left:
        return  # only tokens that the data does not need went
    same = f"in {left['agreement']:.0%} of the places of your rows it expects the same next token"
    if left.get("untaught"):
        output.say(f"It is cut, not taught yet: {same} as the whole model. Let it learn again before use.")
    else:
        output.say(f"It still answers like the whole model: {same}.")


def run_evaluate(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Evaluates; `--json` gives the report itself."""
    models = [served(workspace, ref) for ref in dict.fromkeys(arguments.models)]
    data = workspace.artifact(arguments.data, "dataset")
    own = {"models": ("M", arguments.models), "data": ("--data", arguments.data)}
    values = {"models": models, "data": data.id, **parse_settings(arguments.set, EvaluateSpec, own)}
    if values.get("judge"):
        values["judge"] = workspace.artifact(str(values["judge"]), "model").id
    spec = build(EvaluateSpec, values)
    name = arguments.name or workspace.free_name(f"{data.name}-evaluation", "report")
    workspace.require_free_name(name, "report")
    submission.require_suitable(workspace, spec)
    sending.agree_to_send(workspace, spec, yes=arguments.yes, output=output)
    run = require_kept(
        workspace, start(workspace, spec, name, output, "Evaluating", note=_how_long(workspace, spec))
    )
    report = read_report(workspace, run)
    show_report(report, output)
    for model in models:
        if rows := overlap.seen(workspace, model.partition(":")[0], data, spec.split):
            named = workspace.artifact(model.partition(":")[0], "model").name
            output.say(
                f"{named} has learnt from {counted(rows)} of them in other data: its figure is too good."
            )
    output.say(f"Kept as {run.name}; `slm-workbench runs show {shlex.quote(run.name)}` shows it again.")
    output.answer({"run": run.id, "state": run.state, **report})
    return 0


def _how_long(workspace: Workspace, spec: EvaluateSpec) -> str:
    """About how long it takes, where earlier evaluations tell."""
    rows = forecast.rows_of(workspace.artifact(spec.data, "dataset"), spec.split, spec.limit)
    seconds = EvaluationTimes(workspace).seconds(spec, rows) if rows else None
    if seconds is None:
        return "How long it takes shows after the first rows: nothing like it was measured here yet."
    beside = ", without the judge" if spec.judge else ""
    return f"About {say_duration(seconds)}{beside}, at the pace of earlier evaluations here."


def served(workspace: Workspace, ref: str) -> str:
    """Id of a model; `M:A` is an adapter that it serves."""
    name, colon, adapter = ref.rpartition(":")
    try:
        return workspace.artifact(ref, "model").id
    except InputError:
        if not colon:
            raise
    return f"{workspace.artifact(name, 'model').id}:{adapter}"


def read_report(workspace: Workspace, run: Run) -> dict[str, Any]:
    """The report an evaluation left."""
    artifact = workspace.store.artifacts("report", run.id)[0]
    text = (workspace.verified_folder(artifact) / "report.json").read_text(encoding="utf-8")
    report: dict[str, Any] = json.loads(text)
    return report


def show_report(report: dict[str, Any], output: Output) -> None:
    """The figures as a table."""
    rows = []
    for item in report["models"]:
        figures = ModelFigures.model_validate(item)
        rows.append(
            [
                item["model"],
                _main_figure(item["quality"]),
                evaluation_text.answer_time(figures.latency_ms, figures.timing),
                f"{item['tokens_per_s']:.0f}" if "tokens_per_s" in item else "",
                say_bytes(item["bytes_on_disk"]),
                say_bytes(item["peak_rss_bytes"]) if "peak_rss_bytes" in item else "",
            ]
        )
    columns = [
        "model",
        _heading(report["models"], report.get("answers_by", "")),
        "answer (median)",
        "tokens/s",
        "disk",
        "memory",
    ]
    output.table(columns, rows, numbers=frozenset(columns[1:]))
    count = min((item["quality"].get("n", 0) for item in report["models"]), default=0)
    few = (
        f"; with less than {_FEW_ROWS} the intervals are wide, so judge with care"
        if count < _FEW_ROWS
        else ""
    )
    asked = report["rows"]
    stopped = f" of {asked}, as it was stopped," if not report["complete"] and count < asked else ""
    answered = counted(count, f"{report['split']} row")
    output.say(f"On {answered}{stopped} of {report['data']}{few}.")
    if teacher := report.get("answers_by"):
        output.say(verdict.agreement(teacher))
    for item in report.get("comparisons", ()):
        output.say(verdict.sentence(Comparison.model_validate(item)))
    evaluation_text.show(report, output)


def _heading(models: list[dict[str, Any]], answers_by: str) -> str:
    """The main measure's name; the same for all models of a report."""
    found = main_figure(models[0]["quality"]) if models else None
    name = found[0] if found else "accuracy"
    return f"{verdict.measure_name(name, answers_by)}{'' if name == 'perplexity' else ', %'} (95 %)"


def _main_figure(quality: dict[str, Any]) -> str:
    found = main_figure(quality)
    if found is None:
        return ""
    name, value = found
    scale, digits = (1, 2) if name == "perplexity" else (100, 1)
    bounds = quality.get("ci95")
    interval = f" ({bounds[0] * scale:.{digits}f}–{bounds[1] * scale:.{digits}f})" if bounds else ""
    return f"{value * scale:.{digits}f}{interval}"


def finish(workspace: Workspace, run: Run, output: Output, *, resumed: bool = False) -> int:
    """Says what a run left. Returns the exit code."""
    shown = summary(workspace, run)
    made = shown["artifacts"]
    for artifact in made[:1] if resumed else made:  # `models list` has what an earlier stop kept
        facts = [say_bytes(artifact["bytes"]), *filter(None, [run.spec.get("recipe")])]
        output.say(f"Made {say_type(artifact['type'])} {artifact['name']} ({', '.join(facts)}).")
        kept = workspace.artifact(artifact["id"], artifact["type"])
        status = receipt_text.after_making(workspace, kept, output)
        found = nearness.of_result(run.kind, run.state, run.result)
        if found is not None and found.is_far:
            output.say(nearness.sentence(found))
        if artifact["type"] == "model" and run.state == "succeeded" and status != "red":
            output.say(f"Next: {next_command(workspace, run, artifact['name'])}.")
    say_stopped(workspace, run, output)
    output.answer(shown)
    return 0
