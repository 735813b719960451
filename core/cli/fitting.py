"""Whether a training fits, for the commands: the refusal, and what would help, as commands."""

from __future__ import annotations

import argparse
import json
import shlex
from typing import Any

from core.cli.console import Output, say_bytes
from core.cli.invocation import Invocation
from core.counts import counted
from core.data import sizes
from core.errors import InputError
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.models.fit import forecast
from core.models.fit.forecast import Forecast
from core.models.fit.suggestions import Suggestion
from core.specs import DistillSpec, TrainingSpec
from core.specs.training import MOST_EPOCHS
from core.workspace.workspace import Workspace


def require(
    workspace: Workspace, spec: TrainingSpec, arguments: argparse.Namespace, output: Output
) -> list[str]:
    """Refuses what clearly does not fit into memory, or not onto the disk; with `--yes` it is allowed.

    Says when the disk becomes nearly full, and when the run ends before its step limit.

    Returns:
        What the run's log must say of it; empty when it fits.

    Raises:
        InputError: It needs clearly more memory, or more of the disk, than is free; says what would help.
    """
    submission.recover(workspace)  # checkpoints that a kill has left of finished runs go first
    said = forecast.look(workspace, spec, sizes.read)
    insisted: list[str] = []
    if said.is_refused:
        if not arguments.yes:
            raise _too_little_memory(spec, said)
        need, free = say_bytes(said.need.memory.total), say_bytes(said.machine.memory_free)
        insisted.append(f"Started although it needs about {need} of memory and {free} were free.")
    disk = disk_text(said)
    if not said.has_disk:
        if not arguments.yes:
            raise _too_little_disk(workspace, spec, said)
        insisted.append(f"Started although the disk may have too little room. {disk}")
    notes = [f"The disk becomes nearly full. {disk}"] if said.disk_verdict == "tight" else []
    notes += filter(None, (short_of_limit(said),))
    for text in notes:
        output.progress(f"Note: {text}")
    return [*insisted, *notes]


def _too_little_memory(spec: TrainingSpec, said: Forecast) -> InputError:
    need, free = say_bytes(said.need.memory.total), say_bytes(said.machine.memory_free)
    helps = " or ".join(f"`{option}`" for option in map(options, said.suggestions))
    return InputError(
        f"This {_noun(spec)} does not fit into memory.",
        why=f"It needs about {need}; {free} are free.",
        fix=f"Add {helps}, or --yes to start it all the same."
        if helps
        else "Choose a smaller model, close other programs, or add --yes to start it all the same.",
        code="fit.memory",
    )


def _too_little_disk(workspace: Workspace, spec: TrainingSpec, said: Forecast) -> InputError:
    missing = say_bytes(said.need.disk - (said.machine.disk_free or 0))
    ways = [f"Free {missing} on the disk of {workspace.root}"]
    if said.need.method == "full":
        lighter = forecast.look(workspace, spec.model_copy(update={"method": "lora"}), sizes.read)
        if lighter.has_disk:
            ways.append(f"add `--method lora`, which takes up to {say_bytes(lighter.need.disk)}")
    ways += ["use a workspace on another disk (`--workspace DIR`)", "or add --yes to start it all the same."]
    return InputError(
        f"The disk has too little room for this {_noun(spec)}.",
        why=disk_text(said),
        fix=", ".join(ways),
        code="fit.disk",
    )


def _noun(spec: TrainingSpec) -> str:
    return "distilling" if isinstance(spec, DistillSpec) else "fine-tuning"


def disk_text(said: Forecast) -> str:
    """What the run writes, against what is free; empty where there is plenty, or nobody knows."""
    if said.disk_verdict in ("fits", None):
        return ""
    written = "Checkpoints, result and the teachers' answers" if said.need.store else "Checkpoints and result"
    need, free = say_bytes(said.need.disk), say_bytes(said.machine.disk_free or 0)
    return f"{written} take up to {need} while it runs; {free} of the disk are free."


def short_of_limit(said: Forecast) -> str:
    """That the passes end before the steps that were asked for; empty where they do not."""
    plan = said.need.plan
    if plan.epochs_for_limit is None:
        return ""
    pass_ = "1 pass is 1 step" if plan.steps_per_epoch == 1 else f"1 pass is {plan.steps_per_epoch} steps"
    helps = f"For {plan.limit} steps set epochs={plan.epochs_for_limit:g}."
    if plan.epochs_for_limit > MOST_EPOCHS:
        helps = "A smaller batch_size makes more steps."
    return (
        f"max_steps={plan.limit} only ends a run early, and {pass_} here: the passes end after "
        f"{counted(plan.steps, 'step')}. {helps}"
    )


def options(suggestion: Suggestion) -> str:
    """A suggestion as options of the command."""
    return shlex.join(_words(suggestion))


def _words(suggestion: Suggestion) -> list[str]:
    found: list[str] = []
    for field, value in suggestion.changes.items():
        found += ["--method", str(value)] if field == "method" else ["--set", f"{field}={_written(value)}"]
    return found


def command(arguments: argparse.Namespace, suggestion: Suggestion, invocation: Invocation) -> str:
    """The whole command with a suggestion taken."""
    changed = suggestion.changes
    kept = [setting for setting in arguments.set if setting.partition("=")[0] not in changed]
    if arguments.command == "distill" or getattr(arguments, "what", "") == "distill":
        parts = ["distill", "--student", arguments.student, "--data", arguments.data]
        for teacher in arguments.teacher:
            parts += ["--teacher", teacher]
    else:
        parts = ["finetune", "--model", arguments.model, "--data", arguments.data]
    if arguments.method and "method" not in changed:
        parts += ["--method", arguments.method]
    for setting in kept:
        parts += ["--set", setting]
    return invocation.line(*parts, *_words(suggestion))


def effect(suggestion: Suggestion, before: Forecast) -> str:
    """What a suggestion leads to, in words."""
    need = suggestion.need
    said = [say_bytes(need.memory.total)]
    ratio = need.seconds.total / before.need.seconds.total
    if abs(ratio - 1) >= 0.05:
        said.append(f"{say_duration(need.seconds.total)}")
    if suggestion.rows_cut:
        said.append(f"cuts {suggestion.rows_cut * 100:.0f} % of the rows")
    return ", ".join(said)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
