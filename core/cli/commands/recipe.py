"""`slm-workbench run RECIPE.yaml`: several jobs, one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.consent import require_yes
from core.cli.console import Output
from core.cli.files import existing
from core.cli.running import require_kept, run_now, summary
from core.errors import CancelledError
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.recipes import reading
from core.recipes.recipe import Cooking, Planned
from core.workspace.workspace import Workspace

_STATUS = {"ready": "here already", "to_do": "to do"}


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = below.add_parser("run", help="run a recipe: several jobs, one file")
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="`runs save` writes one")
    parser.add_argument(
        "--name-suffix", default="", metavar="TEXT", help="ends the name of everything it makes"
    )
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Shows the plan, then runs what is not there yet."""
    return cook(workspace, existing(arguments.recipe), arguments.name_suffix, output, yes=arguments.yes)


def cook(workspace: Workspace, path: Path, suffix: str, output: Output, *, yes: bool) -> int:
    """Runs what is not there yet of a recipe's file."""
    recipe = reading.read(path)
    cooking = Cooking(workspace, recipe, suffix=suffix, folder=path.parent)
    plan = cooking.plan()
    total = len(plan)
    output.progress(f"{recipe.title or path.name}: {total} step{'s' if total > 1 else ''}")
    for item in plan:
        output.progress(f"  {item.number}. {_line(item)}")
    questions = [item.asks for item in plan if item.asks]
    if questions:
        require_yes("; ".join(questions) + ".", yes=yes, output=output)
    steps: list[dict[str, Any]] = []
    with workspace.execution_lock():
        submission.mark_crashed(workspace)
        while (following := cooking.advance()) is not None:
            step, found = following
            number = len(steps) + 1
            if found is not None:
                output.progress(f"[{number} of {total}] {step.title}: done before, kept as {found.name}")
                steps.append({"name": found.name, "made_before": True, "run": found.run_id, "id": found.id})
                continue
            output.progress(f"[{number} of {total}] {step.title} …")
            ended = require_kept(workspace, run_now(workspace, cooking.queue(step), output, step.title))
            if ended.state == "stopped":
                raise CancelledError(
                    "The recipe was stopped; what was made so far is kept.",
                    fix="The same command goes on from here.",
                )
            made = cooking.finish(ended)
            output.progress(
                f"[{number} of {total}] {step.title}: done in {say_duration(ended.worked_s() or 0)}"
            )
            steps.append({"name": made.name, "made_before": False, **summary(workspace, ended)})
    output.say(f"Made {', '.join(step['name'] for step in steps)}.")
    output.answer({"recipe": str(path), "title": recipe.title, "steps": steps})
    return 0


def _line(item: Planned) -> str:
    uses = f" from {', '.join(item.uses)}" if item.uses else ""
    return f"{item.title}: {item.name}{uses} ({_STATUS[item.status]})"
