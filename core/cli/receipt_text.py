"""What a receipt says, for people: its colour, why it is not green, and what to do then."""

from __future__ import annotations

import shlex
from typing import Any

from core.cli.console import Output
from core.cli.next_command import named, next_command
from core.models import receipts
from core.models.receipts import ReceiptItem
from core.specs import ExportSpec, MergeSpec, PruneSpec, QuantizeSpec
from core.workspace import taught
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_LINE = 100
_COLOUR = {
    "green": "green: it does what its source does",
    "amber": "amber: it may be used, but know this",
    "red": "red: it is not to be used as it is",
}


def after_making(workspace: Workspace, artifact: Artifact, output: Output) -> str:
    """Says the receipt of what was just made: one clause when green, else why and what to do.

    Returns its status; empty where it has none.
    """
    said = receipts.read(workspace.artifact_folder(artifact.id))
    if said is None:
        return ""
    output.say(f"Its receipt is {_COLOUR[said.status]}{':' if said.reasons else '.'}")
    _say_rest(workspace, artifact, said, output)
    return said.status


def whole(workspace: Workspace, artifact: Artifact, said: ReceiptItem, output: Output) -> None:
    """Says the receipt with all that was looked at."""
    output.say(f"{'receipt':<14} {_COLOUR[said.status]}")
    _say_rest(workspace, artifact, said, output)
    if said.checks:
        output.say("  Looked at:")
    for check in said.checks:
        text = check.text if len(check.text) <= _LINE else check.text[: _LINE - 1] + "…"
        output.say(f"    {check.status:<6} {check.name:<17} {text}")


def facts(workspace: Workspace, artifact: Artifact, said: ReceiptItem) -> dict[str, Any]:
    """The receipt as `--json` shows it, beside its status."""
    return {
        "receipt": said.status,
        "receipt_reasons": list(said.reasons),
        "receipt_checks": [
            {"name": check.name, "status": check.status, "text": check.text} for check in said.checks
        ],
        "receipt_advice": advice(workspace, artifact, said),
    }


def _say_rest(workspace: Workspace, artifact: Artifact, said: ReceiptItem, output: Output) -> None:
    for reason in said.reasons:
        output.say(f"  {reason}")
    if wanted := advice(workspace, artifact, said):
        output.say(f"  Do: {wanted}")


def advice(workspace: Workspace, artifact: Artifact, said: ReceiptItem) -> str:
    """What to do with an artifact whose receipt is not green; empty when it is."""
    run = workspace.store.maker(artifact)
    if said.status == "green":
        return ""
    name = shlex.quote(artifact.name)
    data = _data(workspace, artifact, run)
    if said.status == "red":
        again = _make_again(workspace, run)
        if artifact.type == "package":
            return again
        return (
            f"{again} `slm-workbench evaluate {name} --data {data}` still measures it. "
            f"To use it as it is: `slm-workbench chat {name} --anyway WHY`."
        )
    if run is not None and run.kind == PruneSpec.kind and run.result.get("untaught"):
        return f"{next_command(workspace, run, artifact.name)} teaches it."
    if artifact.type == "package":
        return "Try your own questions in the program that it is for, before you rely on it."
    source = _source(workspace, run)
    return f"`slm-workbench evaluate {source}{name} --data {data}` shows on your rows whether it matters."


def _data(workspace: Workspace, artifact: Artifact, run: Run | None) -> str:
    """The data that shows best what it does: what its run read, or what it has learnt from."""
    read = [str(run.spec.get("data") or "")] if run is not None else []
    for ref in (*read, *taught.taught_on(workspace, artifact.id)):
        if workspace.store.find_artifact(ref, "dataset") is not None:
            return named(workspace, ref)
    return "DATA"


def _source(workspace: Workspace, run: Run | None) -> str:
    """The model that it was made from, by name and a space; empty where that is gone."""
    made_from = str(run.spec.get("model") or "") if run is not None else ""
    found = workspace.store.find_artifact(made_from, "model") if made_from else None
    return f"{shlex.quote(found.name)} " if found is not None else ""


def _make_again(workspace: Workspace, run: Run | None) -> str:
    if run is None:
        return "Make it again."
    source = _source(workspace, run).strip()
    if run.kind == QuantizeSpec.kind and source and run.spec.get("recipe") != "fp32":
        milder = "fp32" if run.spec.get("recipe") == "int8" else "int8"
        return f"Take another recipe: `slm-workbench quantize {source} --recipe {milder}`."
    if run.kind == ExportSpec.kind and source:
        again = f"slm-workbench export {source} --format gguf --numbers f16 --out DIR"
        return f"Write it with other numbers: `{again}`."
    change = " --set FIELD=VALUE" if run.kind in (MergeSpec.kind, PruneSpec.kind) else ""
    return f"Make it again: `slm-workbench runs repeat {run.id}{change}`."
