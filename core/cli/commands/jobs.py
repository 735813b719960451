"""`slm-workbench finetune | quantize | evaluate`: a flag sets a field of a spec, a job runs it."""

from __future__ import annotations

import argparse
import json
from typing import Any, TypeAlias, get_args

from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start, summary
from core.cli.specs import build, describe, parse_settings
from core.models import presets
from core.specs import EvaluateSpec, FinetuneSpec, QuantizeSpec, Spec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_FEW_ROWS = 100
_Below: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _parser(below: _Below, name: str, spec: type[Spec], help: str) -> argparse.ArgumentParser:
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


def add_finetune(below: _Below) -> None:
    """Puts the parser in place."""
    parser = _parser(below, "finetune", FinetuneSpec, "teach a model your task from examples")
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
    parser.set_defaults(run=run_finetune)


def add_quantize(below: _Below) -> None:
    """Puts the parser in place."""
    parser = _parser(below, "quantize", QuantizeSpec, "make a model small and fast (ONNX)")
    parser.add_argument("model", metavar="M", help="the model to make small; it stays as it is")
    recipes = get_args(QuantizeSpec.model_fields["recipe"].annotation)
    parser.add_argument("--recipe", choices=recipes, help="int4-mixed when empty")
    parser.set_defaults(run=run_quantize)


def add_evaluate(below: _Below) -> None:
    """Puts the parser in place."""
    parser = _parser(below, "evaluate", EvaluateSpec, "measure models on test rows")
    parser.add_argument("models", nargs="+", metavar="M", help="the models to compare")
    parser.add_argument("--data", required=True, metavar="D", help="the data whose test rows are answered")
    parser.set_defaults(run=run_evaluate)


def run_finetune(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Fine-tunes."""
    model = workspace.artifact(arguments.model, "model")
    data = workspace.artifact(arguments.data, "dataset")
    by_hand = parse_settings(arguments.set, FinetuneSpec)
    if arguments.method:
        by_hand["method"] = arguments.method
    preset = presets.choose(
        presets.facts_of(workspace.store, model),
        str(data.meta.get("task") or ""),
        arguments.patience,
        str(by_hand.get("method", "auto")),
    )
    spec = build(FinetuneSpec, {**preset.values(), "model": model.id, "data": data.id, **by_hand})
    if said := preset.sentence(by_hand):
        output.progress(said)
    method = "full" if spec.method == "full" else "lora"
    name = arguments.name or workspace.free_name(f"{data.name}-{method}", "model")
    run = require_kept(start(workspace, spec, name, output, "Fine-tuning"))
    return _finish(workspace, run, output)


def run_quantize(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Quantizes."""
    model = workspace.artifact(arguments.model, "model")
    values: dict[str, Any] = {"model": model.id, **parse_settings(arguments.set, QuantizeSpec)}
    if arguments.recipe:
        values["recipe"] = arguments.recipe
    spec = build(QuantizeSpec, values)
    name = arguments.name or workspace.free_name(f"{model.name}-{spec.recipe}", "model")
    run = require_kept(start(workspace, spec, name, output, "Quantizing"))
    return _finish(workspace, run, output)


def run_evaluate(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Evaluates; `--json` gives the report itself."""
    models = [workspace.artifact(ref, "model") for ref in dict.fromkeys(arguments.models)]
    data = workspace.artifact(arguments.data, "dataset")
    values = {
        "models": [m.id for m in models],
        "data": data.id,
        **parse_settings(arguments.set, EvaluateSpec),
    }
    name = arguments.name or workspace.free_name(f"{data.name}-evaluation", "report")
    run = require_kept(start(workspace, build(EvaluateSpec, values), name, output, "Evaluating"))
    report = read_report(workspace, run)
    show_report(report, output)
    output.say(f"Kept as {run.name}.")
    output.answer({"run": run.id, "state": run.state, **report})
    return 0


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
        quality, latency = item["quality"], item["latency_ms"]
        measure = next((key for key in ("accuracy", "exact_match") if key in quality), None)
        bounds = quality.get("ci95")
        interval = f" ({bounds[0] * 100:.1f}–{bounds[1] * 100:.1f})" if bounds else ""
        rows.append(
            [
                item["model"],
                f"{quality[measure] * 100:.1f}{interval}" if measure else "",
                f"{latency['total_p50']:.0f} ms",
                f"{item['tokens_per_s']:.0f}",
                say_bytes(item["bytes_on_disk"]),
                say_bytes(item["peak_rss_bytes"]),
            ]
        )
    columns = ["model", "right, % (95 %)", "answer", "tokens/s", "disk", "memory"]
    output.table(columns, rows, numbers=frozenset(columns[1:]))
    count = min((item["quality"].get("n", 0) for item in report["models"]), default=0)
    few = (
        f"; with less than {_FEW_ROWS} the intervals are wide, so judge with care"
        if count < _FEW_ROWS
        else ""
    )
    output.say(f"On {count} rows that no model has learnt from{few}.")


def _finish(workspace: Workspace, run: Run, output: Output) -> int:
    shown = summary(workspace, run)
    for artifact in shown["artifacts"]:
        output.say(f"Made {artifact['type']} {artifact['name']} ({say_bytes(artifact['bytes'])}).")
    if run.state == "stopped":
        output.say(f"Stopped and kept. `slm-workbench runs resume {run.id}` goes on with it.")
    output.answer(shown)
    return 0
