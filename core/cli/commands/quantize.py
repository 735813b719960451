"""`slm-workbench quantize` and `fit quantize`: makes a model small, and says before what it takes."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from core import mismatch
from core.cli.commands import jobs
from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start
from core.cli.specs import build, parse_settings
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.models.quantizing import forecast, measured
from core.models.quantizing.expected import Expected
from core.models.quantizing.forecast import ExportForecast
from core.specs import QuantizeSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def add(below: jobs.Below) -> None:
    """Puts the parser in place."""
    add_arguments(below, "make a model small and fast (ONNX)").set_defaults(run=run)


def add_arguments(below: jobs.Below, help: str) -> argparse.ArgumentParser:
    """A parser that takes what `quantize` takes."""
    parser = jobs.add_parser(below, "quantize", QuantizeSpec, help)
    parser.add_argument("model", metavar="M", help="the model to make small; it stays as it is")
    recipes = get_args(QuantizeSpec.model_fields["recipe"].annotation)
    parser.add_argument("--recipe", choices=recipes, help="int4-mixed when empty")
    parser.add_argument(
        "--data", metavar="D", help="data on whose validation rows it is searched and rounded"
    )
    parser.add_argument(
        "--adapters", metavar="A,B", help="LoRA adapters over M that the small model serves beside it"
    )
    return parser


def spec_of(workspace: Workspace, arguments: argparse.Namespace) -> QuantizeSpec:
    """What was told.

    Raises:
        InputError: Something of it is not there or wrong.
    """
    model = workspace.artifact(arguments.model, "model")
    own = {
        "model": ("M", arguments.model),
        "recipe": ("--recipe", arguments.recipe),
        "data": ("--data", arguments.data),
        "adapters": ("--adapters", arguments.adapters),
    }
    values: dict[str, Any] = {"model": model.id, **parse_settings(arguments.set, QuantizeSpec, own)}
    if arguments.recipe:
        values["recipe"] = arguments.recipe
    if wanted := arguments.data or values.get("data"):
        values["data"] = workspace.artifact(str(wanted), "dataset").id
    named = arguments.adapters or values.get("adapters") or []
    refs = named.strip("[]").split(",") if isinstance(named, str) else map(str, named)
    values["adapters"] = [workspace.artifact(ref.strip(), "model").id for ref in refs]
    return build(QuantizeSpec, values)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Quantizes."""
    spec = spec_of(workspace, arguments)
    name = arguments.name or workspace.free_name(
        f"{workspace.artifact(spec.model, 'model').name}-{spec.recipe}", "model"
    )
    submission.require_suitable(workspace, spec)
    said = forecast.look(workspace, spec)
    warnings = _warnings(workspace, spec)
    notes = [f"About {say_duration(said.expected.seconds)}. {_likeness(said.expected)}"]
    notes += [f"Note: {text}" for text in warnings]
    done = require_kept(
        workspace,
        start(
            workspace,
            spec,
            name,
            output,
            "Quantizing",
            warnings,
            "\n".join(notes),
            expected_s=said.expected.seconds,
        ),
    )
    _say_what_was_searched(done, output)
    return jobs.finish(workspace, done, output)


def run_fit(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Predicts; 0 also when the disk has no room."""
    spec = spec_of(workspace, arguments)
    submission.require_suitable(workspace, spec)
    submission.require_sound(workspace, spec, workspace.free_name(spec.recipe, "model"))
    said = forecast.look(workspace, spec)
    _show(said, output)
    warnings = _warnings(workspace, spec)
    for text in warnings:
        output.say(f"Note: {text}")
    output.answer({**forecast.as_data(said), "warnings": warnings})
    return 0


def _show(said: ExportForecast, output: Output) -> None:
    rows = [["size now", say_bytes(said.bytes_now)]]
    if said.bytes_after is not None:
        rows.append(["size after", say_bytes(said.bytes_after)])
    if said.memory_bytes is not None:
        rows.append(["memory at work", say_bytes(said.memory_bytes)])
    rows.append(["disk on the way", say_bytes(said.disk_bytes)])
    rows.append(["time", say_duration(said.expected.seconds)])
    if kept := said.expected.kept:
        rows.append(["next word the same", f"{kept.agreement:.0%}{' or more' if kept.or_more else ''}"])
    output.table(["", "about"], rows, numbers=frozenset({"about"}))
    if said.disk_verdict in ("no", "tight") and said.disk_free_bytes is not None:
        little = "has too little room" if said.disk_verdict == "no" else "becomes nearly full"
        output.say(f"The disk {little}: {say_bytes(said.disk_free_bytes)} are free.")
    output.say(_origin_of_time(said.expected))
    output.say(_likeness(said.expected))


def _origin_of_time(expected: Expected) -> str:
    if expected.runs:
        earlier = "1 earlier run" if expected.runs == 1 else f"{expected.runs} earlier runs"
        return f"The time comes from {earlier} of this recipe here."
    if expected.here:
        return "The time is scaled from what other recipes took here."
    return (
        "The time was measured on two cores of a small server and scaled to this model's size; "
        "runs here will correct it."
    )


def _likeness(expected: Expected) -> str:
    kept = expected.kept
    if kept is None:
        return "Nobody has measured what such rounding keeps; the receipt will say."
    more = " or more" if kept.or_more else ""
    same = f"expects the same next word as its source in {kept.agreement:.0%}{more} of places"
    if kept.of:
        return f"By the receipt of {kept.of}, such a model {same}."
    return f"As measured on a model of {measured.PARAMETERS / 1e6:.0f} M parameters, such a model {same}."


def _warnings(workspace: Workspace, spec: QuantizeSpec) -> list[str]:
    """What the run's log says first."""
    found = mismatch.of(workspace, spec)
    return [mismatch.sentence(found)] if found is not None else []


def _say_what_was_searched(run: Run, output: Output) -> None:
    found = run.result or {}
    if "searched_kl" in found:
        output.say(
            f"On the rows that judged, it is {found['searched_kl']:.3f} nats a token from its source, "
            f"and the fixed recipe int4-edges, rounded without rows, is {found['fixed_kl']:.3f}."
        )
    if "answer_ms" in found:
        took, allowed = found["answer_ms"], run.spec["max_ms"]
        output.say(f"An answer took {took:.1f} ms here; {allowed:g} ms were allowed.")
