"""`slm-workbench data edit`: rows corrected, rated, dropped or taken back, as a new version."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.cli.commands.data_quality import show_version
from core.cli.console import Output, say_value
from core.cli.files import existing
from core.cli.running import require_kept, start
from core.cli.specs import build
from core.data import changes, dropped
from core.data.dataset import Dataset
from core.errors import InputError
from core.specs import EditDataSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = verbs.add_parser(
        "edit",
        help="make a version with rows corrected, rated, dropped or taken back",
        description="Makes a new version of a data set; the old one stays. Rows are named by the numbers "
        "that `data show` gives them, dropped ones by those of `data show --dropped`. Test rows stay.",
    )
    parser.add_argument("data", metavar="N")
    parser.add_argument("--drop", action="append", default=[], metavar="ROWS", help="such as 3,7 or 10-12")
    parser.add_argument(
        "--take-back", action="append", default=[], metavar="ROWS", help="dropped rows that are rows again"
    )
    parser.add_argument(
        "--changes",
        metavar="FILE",
        help="a table with a column `row` (or `dropped`, which takes that one back) and those columns that "
        "change; empty cells stay as they are; a column `rating` rates from 1 to 5",
    )
    parser.add_argument("--least-stars", type=int, metavar="K", help="leave out rows that are rated below")
    parser.add_argument("--name", help="how you will call the new version")
    parser.set_defaults(run=run_edit)


def run_edit(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Makes the version."""
    artifact = workspace.artifact(arguments.data, "dataset")
    data = Dataset(workspace.verified_folder(artifact))
    known = changes.Numbers(data)
    said = changes.Changes()
    if arguments.changes:
        messages = data.info.roles.get("messages")
        said = changes.read(existing(arguments.changes), known, data.info.columns, messages)
    gone = [place for number in _numbers(arguments.drop) for place in known.places(number)]
    back = list(dict.fromkeys([*said.taken_back, *_numbers(arguments.take_back)]))
    if not (said.edits or said.ratings or gone or back):
        raise InputError(
            "No change is named.",
            fix="Name at least one, such as --drop 3,7 or --changes FILE; "
            f"`slm-workbench data edit --help` says which there are for {artifact.name}.",
            code="usage",
        )
    name = arguments.name or workspace.free_name(f"{artifact.name} edited", "dataset")
    values: dict[str, Any] = {
        "data": artifact.id,
        "name": name,
        "edits": said.edits,
        "dropped": gone,
        "taken_back": back,
        "ratings": said.ratings,
    }
    if arguments.least_stars is not None:
        values["least_stars"] = arguments.least_stars
    run = require_kept(
        workspace, start(workspace, build(EditDataSpec, values), name, output, "Editing the rows")
    )
    show_version(workspace, run, artifact, output)
    return 0


def _numbers(texts: Sequence[str]) -> list[int]:
    return changes.numbers(",".join(texts))


def show_dropped(workspace: Workspace, artifact: Artifact, output: Output) -> int:
    """The rows that can be taken back, and why they were dropped."""
    folder = workspace.verified_folder(artifact)
    info, found = Dataset(folder).info, dropped.read(folder)
    if found:
        output.table(
            ["dropped", "why", *info.columns],
            [
                [
                    str(line),
                    dropped.WHY.get(row.reason, row.reason),
                    *(say_value(row.values.get(column, "")) for column in info.columns),
                ]
                for line, row in found.items()
            ],
            numbers=frozenset({"dropped"}),
        )
        first = next(iter(found))
        words = ("data", "edit", artifact.name, "--take-back", str(first))
        output.say(f"To take one back: {output.invocation.line(*words)}")
    else:
        output.say(f"No row that was dropped from {artifact.name} is kept beside it.")
    output.answer(
        [
            {"dropped": line, "split": row.home, "row": row.row, "reason": row.reason, "values": row.values}
            for line, row in found.items()
        ]
    )
    return 0
