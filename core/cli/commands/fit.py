"""`slm-workbench fit finetune|distill|quantize …`: predicts, and measures a fine-tuning; starts nothing."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

from core.cli import fitting
from core.cli.commands import distill, jobs, quantize
from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start
from core.data import sizes
from core.jobs.timeleft import say_duration
from core.models.fit import forecast
from core.models.fit.forecast import Forecast
from core.specs import FitSpec
from core.workspace.workspace import Workspace

_Below: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_PARTS = {
    "libraries": "program and libraries",
    "weights": "model",
    "file": "the model's file while it is read",
    "optimizer": "optimizer",
    "gradients": "gradients",
    "activations": "activations",
    "logits": "output layer",
    "cache": "sample answers",
    "teacher": "teacher",
}
_VERDICTS = {
    "fits": "It fits into memory.",
    "tight": "It fits into memory, but tightly.",
    "no": "It does not fit into memory.",
}
_DISK: dict[str | None, str] = {
    "tight": "The disk becomes nearly full.",
    "no": "The disk has too little room.",
}


def add(below: _Below) -> None:
    """Puts the parser in place."""
    group = below.add_parser("fit", help="will it fit: memory, time, disk, energy; starts nothing")
    what = group.add_subparsers(dest="what", metavar="WHAT", required=True)
    parser = jobs.add_finetune_arguments(what, "predict a fine-tuning, and measure a few steps of it")
    parser.add_argument("--no-measure", action="store_true", help="the formula only; takes no time")
    parser.set_defaults(run=run)
    parser = distill.add_arguments(what, "predict a distilling, with the asking of its teachers")
    parser.set_defaults(run=run_distill)
    parser = quantize.add_arguments(what, "predict size, time and likeness of a quantized model")
    parser.set_defaults(run=quantize.run_fit)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Predicts and measures; 0 also when it does not fit."""
    spec, _chosen = jobs.finetune_spec(workspace, arguments)
    said = forecast.look(workspace, spec, sizes.read)
    answer = forecast.as_data(said)
    if not arguments.no_measure:
        dry = FitSpec(spec=spec)
        name = arguments.name or f"{workspace.artifact(spec.data, 'dataset').name}-fit"
        done = require_kept(workspace, start(workspace, dry, name, output, "Measuring"))
        answer = {"run": done.id, **answer, **done.result, "predicted": answer}
        said = forecast.look(workspace, spec, sizes.read)  # it has learnt from the dry run
        answer["suggestions"] = forecast.as_data(said)["suggestions"]
    _show(said, answer, arguments, output)
    output.answer(answer)
    return 0


def run_distill(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Predicts; 0 also when it does not fit."""
    said = forecast.look(workspace, distill.spec_of(workspace, arguments, output), sizes.read)
    answer = forecast.as_data(said)
    _show(said, answer, arguments, output)
    output.answer(answer)
    return 0


def _show(said: Forecast, answer: dict[str, Any], arguments: argparse.Namespace, output: Output) -> None:
    predicted = answer.get("predicted", answer)
    measured = answer.get("measured")
    columns = ["", "predicted"]
    rows = [
        [_PARTS[name], say_bytes(size)]
        for name, size in predicted["memory_bytes"].items()
        if name != "total" and size >= 1e6
    ]
    rows.append(["memory at its highest", say_bytes(predicted["memory_bytes"]["total"])])
    rows.append(["time", say_duration(predicted["seconds"]["total"])])
    if predicted["seconds"].get("asking"):
        rows.append(["of it, asking", say_duration(predicted["seconds"]["asking"])])
    rows.append(["a checkpoint", say_bytes(predicted["disk_bytes"]["checkpoint"])])
    rows.append(["the result", say_bytes(predicted["disk_bytes"]["result"])])
    rows.append(["disk at its fullest", say_bytes(predicted["disk_bytes"]["total"])])
    if measured:
        columns.append("measured")
        told = {
            "memory at its highest": say_bytes(measured["memory_bytes"]),
            "time": say_duration(measured["seconds"]),
        }
        if measured["checkpoint_bytes"] is not None:
            told["a checkpoint"] = say_bytes(measured["checkpoint_bytes"])
            told["the result"] = say_bytes(measured["result_bytes"])
        rows = [[*row, told.get(row[0], "")] for row in rows]
    output.table(columns, rows, numbers=frozenset(columns[1:]))
    memory, disk = answer["memory_free_bytes"], answer["disk_free_bytes"]
    rest = f"{say_bytes(disk)} of disk" if disk is not None else "an unknown part of the disk"
    output.say(f"{_VERDICTS[answer['verdict']]} {say_bytes(memory)} of memory and {rest} are free.")
    if said.disk_verdict in _DISK:
        output.say(f"{_DISK[said.disk_verdict]} {fitting.disk_text(said)}")
    if "died" in answer:
        output.say(
            f"The dry run was ended for lack of memory; {say_bytes(answer['died']['rss_bytes'])} were seen."
        )
    output.say(
        f"Energy about {answer['energy_wh']:.1f} Wh, "
        + (
            "by the processor's own counters."
            if answer["energy_measured"]
            else "assuming 15 W and 8 W a core."
        )
    )
    if short := fitting.short_of_limit(said):
        output.say(short)
    output.say(experience_text(predicted["corrected_by_runs"]))
    if answer["verdict"] == "no":
        for item in said.suggestions:
            output.say(f"To make it fit ({fitting.effect(item, said)}):")
            output.say(f"  {fitting.command(arguments, item, output.invocation)}")
        if not said.suggestions:
            output.say("No setting makes it fit here; choose a smaller model.")


def experience_text(runs: int) -> str:
    """What the prediction rests on."""
    if not runs:
        return "Predicted by a formula; no run of this kind has corrected it here yet."
    earlier = "1 earlier run" if runs == 1 else f"{runs} earlier runs"
    return f"Predicted by a formula, corrected by {earlier} of this kind here."
