"""What to do with a student that is still far from its teacher: said plainly, with what helps first."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.models.repeat import Repeat, repeat_of
from app.models.run_record import Made
from app.pages.runs.next_step import NextStep
from core.errors import InputError
from core.models.nearness import Nearness, longer, of_result
from core.workspace import taught
from core.workspace.records import Run
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class FarStudent:
    """How far it is, and the ways to bring it nearer.

    Attributes:
        near: How near it came.
        longer: The same run, learning twice as long; None where that cannot help or cannot be.
        teacher: Id of a teacher that has learnt no task here; empty where there is none.
        data: Id of what it learnt from; empty once it was removed.
    """

    near: Nearness
    longer: Repeat | None
    teacher: str
    data: str


def of_run(workspace: Workspace, run: Run) -> FarStudent | None:
    """What is to be said of a run's student; None where it is near enough, or no one knows."""
    found = of_result(run.kind, run.state, run.result)
    if found is None or not found.is_far:
        return None
    again: Repeat | None = None
    if not found.ended_early and not found.is_stopped:
        try:
            again = repeat_of(workspace, run, **longer(run.spec))
        except InputError:  # something that it learnt with was removed
            again = None
    store = workspace.store
    teachers = [id for id in run.spec.get("teachers") or () if store.find_artifact(id, "model")]
    untaught = next((id for id in teachers if not taught.is_taught(workspace, id)), "")
    data = str(run.spec.get("data") or "")
    return FarStudent(found, again, untaught, data if store.find_artifact(data, "dataset") else "")


def next_step(far: FarStudent, made: Made) -> NextStep:
    """What helps most, what helps too, and last the step that a good student would lead to."""
    headline = QCoreApplication.translate(
        "next", "“{name}” is still far from its teacher: the same at {percent} % of the places."
    ).format(name=made.name, percent=f"{far.near.agreement * 100:.0f}")
    text = " ".join((_kept(far.near), _helps(far)))
    steps = [NextStep(headline, text, action, page, argument) for action, page, argument in _ways(far, made)]
    step = steps[-1]
    for before in reversed(steps[:-1]):
        step = NextStep(before.headline, before.text, before.action, before.page, before.argument, step)
    return step


def _kept(near: Nearness) -> str:
    if near.retention is None:
        return QCoreApplication.translate("next", "Its teacher gets none of the validation rows right.")
    text = QCoreApplication.translate(
        "next",
        "In the answers of the validation rows it gets right {percent} % of what its teacher gets right.",
    )
    return text.format(percent=f"{near.retention * 100:.0f}")


def _helps(far: FarStudent) -> str:
    if far.near.is_stopped:
        return QCoreApplication.translate("next", "It was stopped before it had learnt all: resume it.")
    said = [
        QCoreApplication.translate("next", "It had stopped getting better, so more examples help most.")
        if far.near.ended_early
        else QCoreApplication.translate("next", "Let it learn longer, or from more examples.")
    ]
    if far.teacher:
        text = QCoreApplication.translate(
            "next", "Its teacher has not learnt your task here: fine-tune it first, then distill again."
        )
        said.append(text)
    return " ".join(said)


def _ways(far: FarStudent, made: Made) -> list[tuple[str, str, str | Repeat]]:
    """Button, page, and what the page gets: at most two that help, and what is possible all the same."""
    ways: list[tuple[str, str, str | Repeat]] = []
    if far.longer is not None:
        ways.append((QCoreApplication.translate("next", "Learn longer"), "distill", far.longer))
    if far.teacher:
        action = QCoreApplication.translate("next", "Fine-tune the teacher")
        ways.append((action, "finetune", far.teacher))
    if far.data:
        ways.append((QCoreApplication.translate("next", "Get more examples"), "generate", far.data))
    action = QCoreApplication.translate("next", "Measure it against its teacher")
    ways = ways[:2] or [(action, "evaluate", made.id)]
    action = QCoreApplication.translate("next", "Quantize it all the same")
    return [*ways, (action, "quantize", made.id)]
