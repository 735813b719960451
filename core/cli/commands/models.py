"""`slm-workbench models`: the library of models."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from core.cli import asking, receipt_text
from core.cli.consent import agree, agree_to_lose
from core.cli.console import Output, say_bytes
from core.cli.files import existing
from core.cli.running import require_kept, start
from core.cli.specs import build
from core.errors import InputError
from core.jobs import dependants, keys, submission
from core.models import context, endpoints, hub, receipts, records
from core.specs import AddEndpointSpec, AddModelSpec, DownloadModelSpec
from core.workspace import overrides
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

STARTER = "starter"


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    group = below.add_parser("models", help="add, list, show and remove models")
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    adding = verbs.add_parser("add", help="take a model into the library")
    adding.add_argument(
        "source", metavar="SRC", help="`starter`, a folder, a GGUF file, or hf:OWNER/NAME[@REVISION]"
    )
    adding.add_argument("--name", help="how you will call it")
    adding.set_defaults(run=run_add)
    endpoint = verbs.add_parser("add-endpoint", help="a model on another computer, to learn from")
    endpoint.add_argument("url", metavar="URL", help="OpenAI-compatible, such as https://api.example.com/v1")
    endpoint.add_argument("--name", required=True, help="how you will call it")
    endpoint.add_argument("--model", default="", metavar="ID", help="which of its models answers")
    for flag, what in (("--price-in", "prompts"), ("--price-out", "answers")):
        endpoint.add_argument(flag, type=float, metavar="X", help=f"what a million tokens of {what} cost")
    endpoint.set_defaults(run=run_add_endpoint)
    keying = verbs.add_parser("key", help="give an endpoint its key; an empty line forgets it")
    keying.add_argument("model", metavar="N")
    keying.set_defaults(run=run_key)
    verbs.add_parser("list", help="the models").set_defaults(run=run_list)
    showing = verbs.add_parser("show", help="what a model is and where it comes from")
    showing.add_argument("model", metavar="N")
    showing.set_defaults(run=run_show)
    removing = verbs.add_parser("remove", help="delete a model or an export")
    removing.add_argument("model", metavar="N")
    removing.set_defaults(run=run_remove)


def facts(artifact: Artifact) -> dict[str, Any]:
    """A model as `--json` shows it."""
    return {
        "id": artifact.id,
        "name": artifact.name,
        "bytes": artifact.bytes,
        "run": artifact.run_id,
        "created_at": artifact.created_at,
        **{k: v for k, v in artifact.meta.items() if k not in ("name", "version")},
    }


def run_add(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Adds a model; the checks and the conversion run as a job."""
    source = arguments.source
    known = workspace.store.find_artifact(STARTER, "model") if source == STARTER else None
    if known is not None and known.meta.get("format") == "hf" and arguments.name is None:
        output.say(f"The starter model is already here as {known.name}.")
        output.answer({"run": known.run_id, **facts(known)})
        return 0
    if hub.is_reference(source):
        return _download(workspace, arguments, output)
    if source != "starter":
        source = str(existing(source))
    name = arguments.name or workspace.free_name(
        Path(source).stem if source != "starter" else "starter", "model"
    )
    spec = AddModelSpec(source=source, name=name)
    return _added(
        workspace, require_kept(workspace, start(workspace, spec, name, output, "Adding the model")), output
    )


def _download(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Adds a model from the hub, after a yes to exactly these files."""
    offer = hub.model_offer(hub.parse(arguments.source))
    name = workspace.require_free_name(
        arguments.name or workspace.free_name(offer.reference.name, "model"), "model"
    )
    agree(offer, yes=arguments.yes, output=output)
    spec = DownloadModelSpec(source=str(offer.reference), name=name)
    return _added(
        workspace, require_kept(workspace, start(workspace, spec, name, output, "Downloading")), output
    )


def run_add_endpoint(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Takes note of an endpoint; nothing is sent to it. In a terminal its key is asked for."""
    values = {"url": endpoints.normalised(arguments.url), "name": arguments.name, "model": arguments.model}
    prices = {"price_in": arguments.price_in, "price_out": arguments.price_out}
    spec = build(AddEndpointSpec, {**values, **prices})
    run = require_kept(workspace, start(workspace, spec, arguments.name, output, "Adding the endpoint"))
    artifact = workspace.store.artifacts("model", run.id)[0]
    output.say(f"Added {artifact.name}: {artifact.meta['note']}.")
    if keys.find(artifact) is None and not asking.ask_for_key(artifact, output):
        output.say(f"No key yet: {asking.ways(artifact)}")
    output.answer({"run": run.id, **facts(artifact)})
    return 0


def run_key(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Takes the key of an endpoint from the terminal, without showing it."""
    artifact = workspace.artifact(arguments.model, "model")
    if keys.account_of(artifact) is None:
        raise InputError(
            f"{artifact.name} needs no key.", why="It is no endpoint.", fix="Choose one.", code="key.unneeded"
        )
    kept = asking.ask_for_key(artifact, output, forget=True)
    output.answer({"id": artifact.id, "name": artifact.name, "key": kept})
    return 0


def _added(workspace: Workspace, run: Run, output: Output) -> int:
    artifact = workspace.store.artifacts("model", run.id)[0]
    output.say(f"Added {artifact.name}: {_line(artifact)}.")
    output.answer({"run": run.id, **facts(artifact)})
    return 0


def _line(artifact: Artifact) -> str:
    meta = artifact.meta
    parts = [
        str(meta.get("architecture", "")),
        say_parameters(meta.get("parameters")),
        say_bytes(artifact.bytes),
    ]
    return ", ".join(part for part in parts if part)


def say_parameters(count: Any) -> str:
    """135 M parameters."""
    if not isinstance(count, int | float):
        return ""
    return f"{count / 1e9:.1f} B parameters" if count >= 1e9 else f"{count / 1e6:.3g} M parameters"


def run_list(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Lists the models, newest first."""
    models = workspace.store.artifacts("model")
    if models:
        output.table(
            ["name", "format", "size", "architecture", "parameters", "made by"],
            [
                [
                    m.name,
                    str(m.meta.get("recipe") or m.meta.get("format", "")),
                    say_bytes(m.bytes),
                    str(m.meta.get("architecture", "")),
                    say_parameters(m.meta.get("parameters")),
                    m.run_id,
                ]
                for m in models
            ],
            numbers=frozenset({"size", "parameters"}),
        )
    else:
        output.say("No models yet. `slm-workbench models add starter` adds a small one that is already here.")
    output.answer([facts(m) for m in models])
    return 0


def run_show(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Shows one model, after checking that it is still what it was."""
    artifact = workspace.artifact(arguments.model, "model")
    folder = workspace.verified_folder(artifact)
    shown = {**facts(artifact), "folder": str(folder), "lineage": lineage(workspace, artifact)}
    said = receipts.read(folder)
    if said is not None:
        shown |= receipt_text.facts(workspace, artifact, said)
    if remark := records.untaught(folder):
        shown["remark"] = remark
    override = overrides.find(workspace, artifact)
    if override is not None:
        since = datetime.datetime.fromtimestamp(override.at).strftime("%Y-%m-%d %H:%M")
        shown["used_anyway"] = f"since {since}: {override.why}"
    template = folder / "chat_template.jinja"
    shown["chat_template"] = template.read_text(encoding="utf-8") if template.is_file() else None
    for key, value in shown.items():
        if key == "lineage":
            for line in value:
                output.say(f"  from {line['type']} {line['name']} ({line['run']})")
        elif key == "chat_template":
            output.say(
                f"{'chat template':<14} {'yes, ' + str(len(value)) + ' characters' if value else 'none'}"
            )
        elif key == "created_at":
            made = datetime.datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M")
            output.say(f"{'made':<14} {made}")
        elif key == "bytes":
            output.say(f"{key:<14} {value} ({say_bytes(value)})")
        elif key == "context" and value:
            output.say(f"{key:<14} {_room(value, context.longest_before(workspace, artifact))}")
        elif key == "receipt" and said is not None:
            receipt_text.whole(workspace, artifact, said, output)
        elif key.startswith("receipt_") or key == "untaught":
            continue  # said with the receipt, and by the remark
        elif key == "taught_on":
            if names := _still_here(workspace, value):
                output.say(f"{'learnt from':<14} {', '.join(names)}")
        elif value not in (None, "", []):
            output.say(f"{key:<14} {value}")
    output.answer(shown)
    return 0


def _still_here(workspace: Workspace, data: list[str]) -> list[str]:
    """The names of those data sets that were not removed."""
    found = (workspace.store.find_artifact(str(ref), "dataset") for ref in data)
    return [artifact.name for artifact in found if artifact is not None]


def _room(tokens: int, before: int) -> str:
    """The longest conversation, and why an export's is shorter than its source's."""
    if not before:
        return f"{tokens} tokens"
    return (
        f"{tokens} tokens: it was built for conversations of that length, since room for more takes memory; "
        f"its source holds {before}, and `quantize` makes room for more with --set max_length=N"
    )


def lineage(workspace: Workspace, artifact: Artifact) -> list[dict[str, str]]:
    """Everything this artifact was made from, nearest first."""
    seen: list[dict[str, str]] = []
    waiting = list(workspace.store.inputs(artifact.run_id))
    known = {artifact.id}
    while waiting:
        artifact_id = waiting.pop(0)
        found = workspace.store.find_artifact(artifact_id)
        if artifact_id in known:
            continue
        known.add(artifact_id)
        if found is None:
            seen.append({"id": artifact_id, "type": "removed artifact", "name": artifact_id, "run": ""})
            continue
        seen.append({"id": found.id, "type": found.type, "name": found.name, "run": found.run_id})
        waiting += workspace.store.inputs(found.run_id)
    return seen


def run_remove(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Deletes a model, or a file that was exported from one."""
    exported = workspace.store.find_artifact(arguments.model, "package")
    is_model = exported is None or workspace.store.find_artifact(arguments.model, "model") is not None
    artifact = submission.require_unneeded(workspace, arguments.model, "model" if is_model else "package")
    lost = dependants.sentences(dependants.of_artifact(workspace, artifact))
    agree_to_lose(lost, yes=arguments.yes, output=output)
    removed = submission.remove_artifact(workspace, artifact.id, artifact.type)
    output.say(f"Removed {removed['removed']} ({say_bytes(removed['bytes'])} freed).")
    output.answer(removed)
    return 0
