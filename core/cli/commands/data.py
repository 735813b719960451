"""`slm-workbench data`: examples, checked and split in three."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from core.cli.commands import data_edit, data_export, data_quality
from core.cli.consent import agree, agree_to_lose
from core.cli.console import Output, say_bytes, say_value
from core.cli.files import existing
from core.cli.running import require_kept, start
from core.cli.specs import build, describe, parse_settings
from core.counts import counted
from core.data import check, dropped, examples, roles, signature, tasks
from core.data.dataset import SPLITS, Dataset
from core.data.report import CheckReport
from core.errors import InputError
from core.jobs import dependants, submission
from core.jobs.look import look
from core.models import hub
from core.specs import AugmentSpec, DownloadDataSpec, ImportDataSpec, PreviewSpec
from core.specs.data import QUESTIONS, Task, TaskChoice
from core.workspace.manifest import hash_file
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_BAR_WIDTH = 30


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    group = below.add_parser(
        "data", help="add, check, inspect, fix, edit, export, list, show and remove data sets"
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, help, function in (
        ("add", "read a file, check it, split it in three and keep it", run_add),
        ("check", "read a file and say what is in it; keeps nothing", run_check),
    ):
        parser = verbs.add_parser(verb, help=help)
        kinds = f"{signature.FORMATS}; or starter, example:gsm8k, hf:OWNER/NAME[:FILE]"
        parser.add_argument("file", metavar="FILE", help=kinds)
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="ROLE=COLUMN",
            help="which column is user, input, assistant, label, system, messages or text; else guessed",
        )
        parser.add_argument(
            "--task",
            choices=get_args(TaskChoice),
            default="auto",
            metavar="KIND",
            help=f"what the rows teach: {', '.join(get_args(Task))}; guessed when left out",
        )
        parser.add_argument(
            "--instruction",
            default="",
            metavar="TEXT",
            help="line put before every question, for example for "
            + "; ".join(f"{task}: {text}" for task, text in tasks.INSTRUCTIONS.items()),
        )
        parser.add_argument("--test", metavar="FILE", help="a separate file of test rows")
        if verb == "add":
            parser.add_argument("--name", help="how you will call it")
        parser.set_defaults(run=function)
    verbs.add_parser("list", help="the data sets").set_defaults(run=run_list)
    showing = verbs.add_parser("show", help="roles, counts, checks and the first rows")
    showing.add_argument("data", metavar="N")
    showing.add_argument("--rows", type=int, metavar="K", help="how many rows (20; with --tokens 4)")
    showing.add_argument("--model", metavar="M", help="with --tokens: the model that would learn")
    showing.add_argument(
        "--tokens", action="store_true", help="the first training rows as --model would see them"
    )
    showing.add_argument("--dropped", action="store_true", help="the dropped rows that can be taken back")
    showing.set_defaults(run=run_show)
    varying = verbs.add_parser(
        "augment",
        help="a new version with varied copies of its training rows",
        description=AugmentSpec.__doc__,
        epilog=describe(AugmentSpec),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    varying.add_argument("data", metavar="N")
    varying.add_argument("--typos", type=float, metavar="SHARE", help="share of rows copied with typos (0.2)")
    varying.add_argument("--paraphrase", metavar="MODEL", help="a model that says questions in other words")
    varying.add_argument("--name", help="how you will call the new version")
    varying.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting, see below"
    )
    varying.set_defaults(run=run_augment)
    data_quality.add(verbs)
    data_edit.add(verbs)
    data_export.add(verbs)
    removing = verbs.add_parser("remove", help="delete a data set; your file stays")
    removing.add_argument("data", metavar="N")
    removing.set_defaults(run=run_remove)


def _facts(artifact: Artifact) -> dict[str, Any]:
    meta = {key: value for key, value in artifact.meta.items() if key not in ("name", "version")}
    return {"id": artifact.id, "name": artifact.name, "bytes": artifact.bytes, "run": artifact.run_id, **meta}


def run_add(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Adds a data set."""
    if hub.is_reference(arguments.file):
        return _download(workspace, arguments, output)
    source, test = _source(arguments)
    mapping = roles.parse(arguments.map)
    instruction = arguments.instruction.strip()
    check.first_look(source, mapping, test, task=arguments.task, instruction=instruction)
    wished = examples.name_of(arguments.file) if examples.is_example(arguments.file) else source.stem
    name = arguments.name or workspace.free_name(wished, "dataset")
    spec = ImportDataSpec(
        source=str(source),
        source_sha256=hash_file(source),
        name=name,
        roles=mapping,
        test_source=str(test) if test else None,
        test_sha256=hash_file(test) if test else "",
        task=arguments.task,
        instruction=arguments.instruction,
    )
    return _added(
        workspace, require_kept(workspace, start(workspace, spec, name, output, "Adding the data")), output
    )


def _download(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Adds a data set from the hub, after a yes to exactly this file."""
    offer = hub.data_offer(hub.parse(arguments.file))
    name = workspace.require_free_name(
        arguments.name or workspace.free_name(offer.reference.name, "dataset"), "dataset"
    )
    test = existing(arguments.test) if arguments.test else None
    agree(offer, yes=arguments.yes, output=output)
    spec = DownloadDataSpec(
        source=str(offer.reference),
        name=name,
        roles=roles.parse(arguments.map),
        test_source=str(test) if test else None,
        test_sha256=hash_file(test) if test else "",
    )
    return _added(
        workspace, require_kept(workspace, start(workspace, spec, name, output, "Downloading")), output
    )


def _added(workspace: Workspace, run: Run, output: Output) -> int:
    artifact = workspace.store.artifacts("dataset", run.id)[0]
    counts = artifact.meta.get("counts", {})
    if artifact.meta.get("task") == QUESTIONS:
        how = output.invocation.line("generate", "--teacher", "MODEL", "--data", artifact.name)
        output.say(
            f"Added {artifact.name}: {counts.get('train')} questions for a teacher to answer, by {how}"
        )
        output.answer({"run": run.id, **_facts(artifact)})
        return 0
    output.say(
        f"Added {artifact.name}: {counted(counts.get('train', 0))} to learn from, "
        f"{counts.get('validation')} to watch, {counts.get('test')} kept for the test."
    )
    output.answer({"run": run.id, **_facts(artifact)})
    return 0


def _source(arguments: argparse.Namespace) -> tuple[Path, Path | None]:
    """The files to read; an example brings its own test rows."""
    if examples.is_example(arguments.file):
        source, test = examples.files(arguments.file)
        return source, existing(arguments.test) if arguments.test else test
    return existing(arguments.file), existing(arguments.test) if arguments.test else None


def run_augment(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Makes a new version of a data set with varied rows."""
    data = workspace.artifact(arguments.data, "dataset")
    values: dict[str, Any] = {"data": data.id}
    if arguments.typos is not None:
        values["typos"] = arguments.typos
    if arguments.paraphrase:
        values["paraphrase_model"] = workspace.artifact(arguments.paraphrase, "model").id
    own = {
        "data": ("N", arguments.data),
        "typos": ("--typos", arguments.typos),
        "paraphrase_model": ("--paraphrase", arguments.paraphrase),
    }
    spec = build(AugmentSpec, {**values, **parse_settings(arguments.set, AugmentSpec, own)})
    name = arguments.name or workspace.free_name(f"{data.name} varied", "dataset")
    run = require_kept(workspace, start(workspace, spec, name, output, "Varying the rows"))
    artifact = workspace.store.artifacts("dataset", run.id)[0]
    added = ", ".join(f"{count} by {how}" for how, count in run.result["added"].items())
    rows = counted(artifact.meta["counts"]["train"])
    output.say(f"Added {artifact.name}: {rows} to learn from, {added} new.")
    output.answer({"run": run.id, **run.result, **_facts(artifact)})
    return 0


def run_check(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Checks a file; exit code 2 where `data add` would refuse it."""
    source, test = _source(arguments)
    report = check.check(
        source,
        roles=roles.parse(arguments.map) or None,
        test=test,
        task=arguments.task,
        instruction=arguments.instruction.strip(),
    )
    show_check(report, output)
    output.answer(report.model_dump(mode="json"))
    return 2 if report.refusals else 0


def show_check(report: CheckReport, output: Output) -> None:
    """A check report for people: why it is refused, figures, a picture of the lengths, then sentences."""
    for refusal in report.refusals:
        where = "" if refusal.reason.startswith(refusal.where) else f"{refusal.where}: "
        output.say(f"refused  {where}{refusal.reason} {refusal.fix}")
    lines = {
        "file": f"{report.file}, {say_bytes(report.bytes)}, {report.format}"
        + (f", {report.encoding}" if report.encoding else ""),
        "rows": f"{report.rows}" + (f", and {report.test.rows} for the test" if report.test else ""),
        "columns": ", ".join(f"{column} ({role})" for role, column in report.roles.items())
        + (", guessed" if report.roles_guessed and report.roles else ""),
        "task": f"{report.task}: {tasks.MEANINGS[report.task]}" if report.task else "",
        "rows left out": f"{report.empty_rows} with something empty" if report.empty_rows else "",
        "duplicates": str(report.duplicates or ""),
        "two labels for a text": str(report.conflicting or ""),
        "also in the test": str(report.leakage or ""),
        "looks like a control token": str(report.special_tokens or ""),
    }
    if report.labels is not None:
        lines["labels"] = f"{report.labels.distinct}, the most frequent: " + ", ".join(
            f"{item.label} {item.rows}" for item in report.labels.top[:4]
        )
    for key, value in lines.items():
        if value:
            output.say(f"{key:<28}{value}")
    if report.lengths is not None and report.lengths.counts:
        drawn = f"of {counted(report.lengths.rows)} drawn by chance"
        output.say(f"{'tokens a row':<28}{drawn if report.lengths.sampled else 'of every row'}")
        most = max(report.lengths.counts)
        for low, high, rows in zip(
            report.lengths.edges, report.lengths.edges[1:], report.lengths.counts, strict=False
        ):
            if rows:
                bar = "█" * max(1, round(rows / most * _BAR_WIDTH))
                is_last = high == report.lengths.edges[-1]  # it holds everything longer too
                whole = f"{low} to {report.lengths.maximum if is_last else high - 1}"
                output.say(f"{whole:>26}  {bar} {rows}")
    for warning in report.warnings:
        output.say(f"note     {warning}")


def run_list(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Lists the data sets, newest first."""
    found = workspace.store.artifacts("dataset")
    if found:
        output.table(
            ["name", "task", "train", "validation", "test", "size", "made by"],
            [
                [
                    item.name,
                    str(item.meta.get("task", "")),
                    *(
                        str(item.meta.get("counts", {}).get(split, ""))
                        for split in ("train", "validation", "test")
                    ),
                    say_bytes(item.bytes),
                    item.run_id,
                ]
                for item in found
            ],
            numbers=frozenset({"train", "validation", "test", "size"}),
        )
    else:
        output.say(
            "No data yet. `slm-workbench data add FILE` adds a spreadsheet or a text file of examples."
        )
    output.answer([_facts(item) for item in found])
    return 0


def run_show(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Shows a data set; every value as it was written."""
    artifact = workspace.artifact(arguments.data, "dataset")
    if arguments.tokens or arguments.model:
        return show_tokens(workspace, artifact, arguments, output)
    if arguments.dropped:
        return data_edit.show_dropped(workspace, artifact, output)
    wanted = 20 if arguments.rows is None else max(0, arguments.rows)
    dataset = Dataset(workspace.verified_folder(artifact))
    info = dataset.info.model_dump(mode="json")
    rows: list[dict[str, Any]] = [
        {"split": split, "row": row.row, "values": row.values}
        for split in SPLITS
        for row in islice(dataset.rows(split), wanted)
    ]
    rows = rows[:wanted]
    output.say(
        f"{artifact.name}  {info.get('task')}  " + ", ".join(f"{k} {v}" for k, v in info["counts"].items())
    )
    if dataset.info.instruction:
        output.say(f"instruction  {dataset.info.instruction}")
    for how, count in dataset.info.added.items():
        output.say(f"varied   {counted(count, 'training row')} as copies ({how})")
    if back := len(dropped.read(dataset.folder)):
        how = output.invocation.line("data", "show", artifact.name, "--dropped")
        output.say(f"dropped  {counted(back)} can be taken back: {how}")
    output.say("columns  " + ", ".join(f"{column} as {role}" for role, column in info["roles"].items()))
    show_check(dataset.info.check, output)
    if rows:
        columns = list(rows[0]["values"])
        output.table(
            ["row", "split", *columns],
            [
                [str(row["row"]), row["split"], *(say_value(row["values"].get(column)) for column in columns)]
                for row in rows
            ],
            numbers=frozenset({"row"}),
        )
    output.answer(
        {
            "id": artifact.id,
            "bytes": artifact.bytes,
            "run": artifact.run_id,
            **info,
            "name": artifact.name,
            "rows": rows,
        }
    )
    return 0


def show_tokens(
    workspace: Workspace, artifact: Artifact, arguments: argparse.Namespace, output: Output
) -> int:
    """Shows the first training rows token by token: underlined is learnt, dim is the template's."""
    if not (arguments.tokens and arguments.model):
        raise InputError(
            "Tokens belong to a model.",
            fix="Write --model M --tokens.",
            why="Each model cuts text its own way.",
        )
    model = workspace.artifact(arguments.model, "model")
    spec = build(
        PreviewSpec, {"model": model.id, "data": artifact.id, "rows": arguments.rows if arguments.rows else 4}
    )
    said = look(workspace, spec)
    rows = next((event.get("rows") or [] for event in said if event.ev == "batch"), [])
    for event in said:
        if event.ev == "warning":
            output.say(f"note     {event.get('text')}")
    for row in rows:
        length = counted(row["length"], "token")
        output.say(f"row {row['row']}: {length}, {row['learnt']} of them learnt (underlined)")
        output.tokens(row["texts"], row["trained"], row["special"])
    output.answer({"data": artifact.name, "model": model.name, "rows": rows})
    return 0


def run_remove(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Deletes a data set; the file it came from stays."""
    artifact = submission.require_unneeded(workspace, arguments.data, "dataset")
    lost = dependants.of_artifact(workspace, artifact)
    agree_to_lose(dependants.sentences(lost), yes=arguments.yes, output=output)
    removed = submission.remove_artifact(workspace, artifact.id, "dataset")
    stays = "" if lost.is_only else " Your file stays."
    output.say(f"Removed {removed['removed']} ({say_bytes(removed['bytes'])} freed).{stays}")
    output.answer(removed)
    return 0
