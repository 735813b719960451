"""Distilling on the starter model and data: a teacher, students cut out of it, and what each is worth.

The teacher learns with every weight, which gives a better one than the plain demo's add-on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.models.fit import machine
from core.recipes import demo
from core.recipes.steps import Execute, Step, run_all
from core.specs import DistillSpec, EvaluateSpec, FinetuneSpec, PruneSpec, QuantizeSpec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Scale:
    """How much of the work is done.

    Attributes:
        plain: The plain demo's scale, for the starter model and data, and for measuring.
        teacher: Fields of the teacher's training.
        keep: What is kept of the teacher for the student that is to answer as well.
        smallest: What is kept of that student for the smallest one; None makes none.
        learning: Fields of a student's training, the same with and without the teacher.
        expected_s: Seconds a step took on a 2-core machine.
    """

    plain: demo.Scale
    teacher: dict[str, Any]
    keep: dict[str, Any]
    smallest: dict[str, Any] | None
    learning: dict[str, Any]
    expected_s: dict[str, float] = field(default_factory=dict)


#: Four looks and checkpoints instead of ten: each of a whole model's takes as long as five steps.
_LOOKS = {"validate_every": 85, "checkpoint_every": 85}
#: On validation rows, 16 rows a step gave 79 % right answers after two passes; 8 rows, three passes and 1e-4
#: gave 84 %, in twice the time.
_TEACHER: dict[str, Any] = {
    **_LOOKS,
    "method": "full",
    "epochs": 2.0,
    "batch_size": 8,
    "learning_rate": 1.5e-4,
    "early_stopping": None,
    "sample_prompts": 2,
}
#: How often students see the examples on a fast processor.
PASSES = 4.0
_LEARNING: dict[str, Any] = {
    **_LOOKS,
    "method": "full",
    "epochs": PASSES,
    "batch_size": 8,
    "learning_rate": 3e-4,
    "early_stopping": None,
    "sample_prompts": 2,
}
_EXPECTED: dict[str, float] = {
    "model": 11, "data": 1, "teacher": 300, "teacher-int8": 25, "cut": 30, "labels": 240, "student": 270,
    "student-int8": 20, "cut-again": 25, "smallest": 180, "smallest-small": 25, "evaluation": 210,
}  # fmt: skip
#: For processors that multiply bf16 by vectors alone, or only emulate it: half the passes, and larger steps,
#: since the opening that all rows share is read once a step. Measured, 2 passes of the 20-layer student: 16
#: rows a step took 37 % less time than 8 and came as near to the teacher on validation rows (0.116 and 0.123
#: nats, 98.5 and 98.6 % of its first choices).
_LEARNING_SLOW = {**_LEARNING, "epochs": 2.0, "batch_size": 16, "learning_rate": 4.2e-4}
_EXPECTED_SLOW = {
    **_EXPECTED, "teacher": 610, "labels": 240, "student": 340, "smallest": 160, "evaluation": 290,
}  # fmt: skip
_EXPECTED_FP32 = {
    **_EXPECTED, "teacher": 900, "labels": 380, "student": 440, "smallest": 220, "evaluation": 400,
}  # fmt: skip
_QUICK_S: dict[str, float] = {
    "model": 11, "data": 1, "teacher": 80, "teacher-int8": 25, "cut": 15, "labels": 75, "student": 90,
    "student-int8": 20, "evaluation": 75,
}  # fmt: skip


def scale_here(*, quick: bool) -> Scale:
    """The scale for this computer."""
    plain = demo.scale_here(quick=quick)
    keep = {"keep_layers": 20, "vocabulary": "data"}
    if quick:
        few = {"sample_prompts": 0, **dict.fromkeys(_LOOKS)}
        return Scale(plain, {**_TEACHER, "epochs": 1.0, **few}, keep, None, {**_LEARNING, **few}, _QUICK_S)
    smallest = {"keep_layers": 12, "ffn_share": 0.75}
    if plain is demo.FULL and not machine.has_bf16_tiles():
        timed = replace(plain, evaluate={"latency_prompts": 10})  # four models answer in the slow way
        return Scale(timed, _TEACHER, keep, smallest, _LEARNING_SLOW, _EXPECTED_SLOW)
    if plain is demo.FULL:
        return Scale(plain, _TEACHER, keep, smallest, _LEARNING, _EXPECTED)
    return Scale(plain, _TEACHER, keep, smallest, _LEARNING_SLOW, _EXPECTED_FP32)


@dataclass(frozen=True)
class Outcome:
    """What it made.

    Attributes:
        report: The evaluation's report as stored: teacher first.
        answers: Every model's answer to every row, as stored.
        distilling: The run in which the student learnt.
        teacher_numbers: How many parameters the teacher has.
        seconds: Time all jobs took together.
        steps: Seconds of each.
    """

    report: dict[str, Any]
    answers: list[dict[str, Any]]
    distilling: Run
    teacher_numbers: int
    seconds: float
    steps: tuple[tuple[str, float], ...]


def run(
    workspace: Workspace, scale: Scale, execute: Execute, skipped: Callable[[Step, Artifact], None]
) -> Outcome:
    """Runs it, or what is left of it; the caller holds the execution lock.

    Raises:
        WorkbenchError: A job failed or was cancelled; a second call goes on from there.
    """
    artifacts, runs = run_all(workspace, lambda made: _steps(scale, made), scale.expected_s, execute, skipped)
    folder = workspace.verified_folder(artifacts["evaluation"])
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    durations = tuple((key, item.worked_s() or 0.0) for key, item in runs.items())
    return Outcome(
        report=json.loads((folder / "report.json").read_text(encoding="utf-8")),
        answers=[json.loads(line) for line in lines],
        distilling=runs["student"],
        teacher_numbers=int(artifacts["model"].meta["parameters"]),
        seconds=sum(seconds for _, seconds in durations),
        steps=durations,
    )


def _steps(scale: Scale, made: dict[str, Artifact]) -> Iterator[Step]:
    """The jobs; each is described once those before it have been made."""
    suffix = scale.plain.suffix
    yield from demo.starter_steps(quick=bool(suffix))
    data = made["data"].id
    yield Step(
        "teacher",
        "Teaching the teacher the task",
        FinetuneSpec(model=made["model"].id, data=data, **scale.teacher),
        f"demo-teacher{suffix}",
    )
    teacher = made["teacher"].id
    yield Step(
        "teacher-int8",
        "Quantizing the teacher, to compare with",
        QuantizeSpec(model=teacher, recipe="int8"),
        f"demo-teacher-int8{suffix}",
    )
    yield Step(
        "cut",
        "Cutting the student out of the teacher",
        PruneSpec(model=teacher, data=data, **scale.keep),
        f"demo-cut{suffix}",
    )
    cut = made["cut"].id
    yield Step(
        "labels",
        "Teaching it by the labels alone, to compare with",
        FinetuneSpec(model=cut, data=data, **scale.learning),
        f"demo-student-labels{suffix}",
    )
    yield Step(
        "student",
        "Distilling",
        DistillSpec(model=cut, teachers=(teacher,), data=data, **scale.learning),
        f"demo-student{suffix}",
    )
    student = made["student"].id
    yield Step(
        "student-int8",
        "Quantizing the student",
        QuantizeSpec(model=student, recipe="int8"),
        f"demo-student-int8{suffix}",
    )
    measured = ["teacher", "teacher-int8", "cut", "labels", "student", "student-int8"]
    if scale.smallest is not None:
        yield Step(
            "cut-again",
            "Cutting the student once more",
            PruneSpec(model=student, data=data, **scale.smallest),
            f"demo-cut-again{suffix}",
        )
        yield Step(
            "smallest",
            "Distilling the smallest",
            DistillSpec(model=made["cut-again"].id, teachers=(teacher,), data=data, **scale.learning),
            f"demo-smallest{suffix}",
        )
        yield Step(
            "smallest-small",
            "Quantizing the smallest",
            QuantizeSpec(model=made["smallest"].id, recipe="int8"),
            f"demo-smallest-int8{suffix}",
        )
        measured += ["smallest-small"]
    models = tuple(made[key].id for key in measured)
    yield Step(
        "evaluation",
        "Measuring them all",
        EvaluateSpec(models=models, data=data, **scale.plain.evaluate),
        f"demo-distill-evaluation{suffix}",
    )
