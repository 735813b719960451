"""What to do with a new model whose receipt is not green: measure it before anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from app import receipt_text
from app.models.repeat import Repeat, repeat_of
from app.models.run_record import Made
from app.pages.runs.next_step import NextStep
from core.errors import InputError
from core.models import receipts
from core.models.receipts import ReceiptItem
from core.specs import QuantizeSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def tell(workspace: Workspace, run: Run, made: Made, step: NextStep | None) -> NextStep | None:
    """The step with the receipt of what was made; another one where that is not as good as its source."""
    if step is None or made.type != "model":
        return step
    found = receipts.read(workspace.artifact_folder(made.id))
    if found is None or found.status == "green" or found.is_untaught:
        return replace(step, receipt=found, name=made.name)
    usable = found.status == "amber"
    headline = (
        QCoreApplication.translate("next", "“{name}” is made. Look before you use it.")
        if usable
        else QCoreApplication.translate("next", "“{name}” is made, but cannot be used as it is.")
    ).format(name=made.name)
    text = " ".join((*receipt_text.reasons(found), receipt_text.advice(found)))
    ways: list[tuple[str, str, str | Repeat]] = [
        (QCoreApplication.translate("next", "Measure it"), "evaluate", made.id)
    ]
    if (again := _again(workspace, run, found)) is not None:
        ways.append((again[0], again[1].page, again[1]))
    for other in (step, *step.others):
        if usable and other.page not in ("evaluate", *(page for _action, page, _argument in ways)):
            ways.append((other.action, other.page, other.argument))
    steps = [NextStep(headline, text, action, page, argument) for action, page, argument in ways[:3]]
    for at in range(len(steps) - 2, -1, -1):
        steps[at] = replace(steps[at], also=steps[at + 1])
    return replace(steps[0], receipt=found, name=made.name)


def _again(workspace: Workspace, run: Run, found: ReceiptItem) -> tuple[str, Repeat] | None:
    """The button and the run that makes it anew, nearer to its source where there is such a recipe."""
    nearer = receipt_text.nearer_recipes(found) if run.kind == QuantizeSpec.kind else ()
    if not nearer and found.status != "red":
        return None
    changes: dict[str, Any] = {"recipe": nearer[0]} if nearer else {}
    try:
        again = repeat_of(workspace, run, **changes)
    except InputError:  # its source was removed, or a setting of its own does not go with that recipe
        return None
    if not nearer:
        return QCoreApplication.translate("next", "Make it again"), again
    old = f"-{run.spec.get('recipe')}"
    if run.name.endswith(old):
        name = workspace.free_name(f"{run.name.removesuffix(old)}-{nearer[0]}", "model")
        again = replace(again, name=name)
    text = QCoreApplication.translate("next", "Make it again in {recipe}")
    return text.format(recipe=nearer[0]), again
