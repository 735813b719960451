"""`slm-workbench data export`: a data set as a task that other programs ask."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.console import Output
from core.data import harness_tasks
from core.data.dataset import Dataset
from core.errors import InputError
from core.workspace.workspace import Workspace


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = verbs.add_parser("export", help="a folder with a task for EleutherAI's lm-evaluation-harness")
    parser.add_argument("data", metavar="N")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--split", choices=("test", "validation"), default="test", help="which rows are asked (test)"
    )
    parser.set_defaults(run=run_export)


def run_export(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Writes the task and its rows."""
    data = Dataset(workspace.verified_folder(workspace.artifact(arguments.data, "dataset")))
    folder = Path(arguments.out).expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is not empty.",
            why="Whatever is there would be mixed with the task, or replaced.",
            fix="Give a new folder: --out DIR.",
            code="export.exists",
        )
    task = harness_tasks.export(data, arguments.split, folder)
    output.say(f"Wrote the task {task.name} with its rows to {folder}.")
    output.say(f"There: `lm_eval --include_path . --tasks {task.name} --apply_chat_template --model …`.")
    output.say(f"Here: `slm-workbench evaluate M --data {data.info.name} --set harness=data`.")
    output.answer({"task": task.name, "file": str(task.file), "folder": str(folder)})
    return 0
