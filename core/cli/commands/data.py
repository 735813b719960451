"""`slm-workbench data`: examples, checked and split in three."""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path
from typing import Any

from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start
from core.data import check, roles
from core.data.dataset import Dataset
from core.jobs import submission
from core.specs import ImportDataSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_SHOWN_CHARACTERS = 60


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    group = below.add_parser("data", help="add, check, list, show and remove data sets")
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, help, function in (
        ("add", "read a file, check it, split it in three and keep it", run_add),
        ("check", "read a file and say what is in it; keeps nothing", run_check),
    ):
        parser = verbs.add_parser(verb, help=help)
        parser.add_argument("file", metavar="FILE", help="CSV, TSV, JSON, JSONL or XLSX")
        parser.add_argument(
            "--map", action="append", default=[], metavar="ROLE=COLUMN",
            help="which column is user, assistant, label, system or messages; guessed when left out",
        )
        parser.add_argument("--test", metavar="FILE", help="a separate file of test rows")
        if verb == "add":
            parser.add_argument("--name", help="how you will call it")
        parser.set_defaults(run=function)
    verbs.add_parser("list", help="the data sets").set_defaults(run=run_list)
    showing = verbs.add_parser("show", help="roles, counts, checks and the first rows")
    showing.add_argument("data", metavar="N")
    showing.add_argument("--rows", type=int, default=20, metavar="K", help="how many rows (20)")
    showing.set_defaults(run=run_show)
    removing = verbs.add_parser("remove", help="delete a data set; your file stays")
    removing.add_argument("data", metavar="N")
    removing.set_defaults(run=run_remove)


def _facts(artifact: Artifact) -> dict[str, Any]:
    meta = {key: value for key, value in artifact.meta.items() if key not in ("name", "version")}
    return {"id": artifact.id, "name": artifact.name, "bytes": artifact.bytes, "run": artifact.run_id, **meta}


def _absolute(file: str | None) -> Path | None:
    return Path(file).expanduser().absolute() if file else None


def run_add(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Adds a data set."""
    source, test = Path(arguments.file).expanduser().absolute(), _absolute(arguments.test)
    mapping = roles.parse(arguments.map)
    name = arguments.name or workspace.free_name(source.stem, "dataset")
    spec = ImportDataSpec(
        source=str(source), name=name, roles=mapping, test_source=str(test) if test else None,
    )
    run = require_kept(start(workspace, spec, name, output, "Adding the data"))
    artifact = workspace.store.artifacts("dataset", run.id)[0]
    counts = artifact.meta.get("counts", {})
    output.say(
        f"Added {artifact.name}: {counts.get('train')} rows to learn from, {counts.get('validation')} to watch, "
        f"{counts.get('test')} kept for the test."
    )
    output.answer({"run": run.id, **_facts(artifact)})
    return 0


def run_check(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Checks a file; exit code 2 where `data add` would refuse it."""
    source, test = Path(arguments.file).expanduser().absolute(), _absolute(arguments.test)
    report = check.check(source, roles=roles.parse(arguments.map) or None, test=test)
    show_check(report.model_dump(mode="json"), output)
    output.answer(report.model_dump(mode="json"))
    return 2 if report.refusals else 0


def show_check(report: dict[str, Any], output: Output) -> None:
    """A check report for people: figures, then sentences."""
    for key, value in report.items():
        if isinstance(value, str | int | float) and value not in ("", None):
            output.say(f"{key:<22} {value}")
        elif key in ("roles", "counts", "empty") and value:
            output.say(f"{key:<22} " + ", ".join(f"{name}={item}" for name, item in value.items()))
    for refusal in report.get("refusals", []):
        output.say("refused: " + json.dumps(refusal, ensure_ascii=False))
    for warning in report.get("warnings", []):
        output.say(f"note: {warning}")


def run_list(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Lists the data sets, newest first."""
    found = workspace.store.artifacts("dataset")
    if found:
        output.table(["name", "task", "train", "validation", "test", "size", "made by"], [
            [item.name, str(item.meta.get("task", "")),
             *(str(item.meta.get("counts", {}).get(split, "")) for split in ("train", "validation", "test")),
             say_bytes(item.bytes), item.run_id]
            for item in found
        ], numbers=frozenset({"train", "validation", "test", "size"}))
    else:
        output.say("No data yet. `slm-workbench data add FILE` adds a spreadsheet or a text file of examples.")
    output.answer([_facts(item) for item in found])
    return 0


def run_show(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Shows a data set; every value as it was written."""
    artifact = workspace.artifact(arguments.data, "dataset")
    dataset = Dataset(workspace.verified_folder(artifact))
    info = dataset.info.model_dump(mode="json")
    rows = [
        {"split": split, "row": row.row, "values": row.values}
        for split in ("train", "validation", "test")
        for row in islice(dataset.rows(split), max(0, arguments.rows))
    ]
    rows = rows[: max(0, arguments.rows)]
    output.say(f"{artifact.name}  {info.get('task')}  " + ", ".join(f"{k} {v}" for k, v in info["counts"].items()))
    output.say("columns  " + ", ".join(f"{column} as {role}" for role, column in info["roles"].items()))
    show_check(info.get("check") or {}, output)
    if rows:
        columns = list(rows[0]["values"])
        output.table(["row", "split", *columns], [
            [str(row["row"]), row["split"], *(_short(row["values"].get(column)) for column in columns)] for row in rows
        ], numbers=frozenset({"row"}))
    output.answer({"id": artifact.id, "bytes": artifact.bytes, "run": artifact.run_id, **info, "name": artifact.name,
                   "rows": rows})
    return 0


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "⏎")
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def run_remove(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Deletes a data set; the file it came from stays."""
    removed = submission.remove_artifact(workspace, arguments.data, "dataset")
    output.say(f"Removed {removed['removed']} ({say_bytes(removed['bytes'])} freed). Your file stays.")
    output.answer(removed)
    return 0
