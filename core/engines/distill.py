"""Teaches a small model what large ones know: asks them once, then trains without them, or beside one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from core.data.dataset import Dataset
from core.engines.distilling import live, teacher
from core.engines.distilling.divergence import Teaching
from core.engines.distilling.lessons import Lessons
from core.engines.distilling.teacher import Asked, Count
from core.engines.distilling.trainer import DistillTrainer
from core.engines.finetune import learn
from core.engines.training import freeing
from core.engines.training.preparation import Prepared, decide, require_trainable
from core.errors import CancelledError, InputError
from core.models import records
from core.models.presets import CUT_RATE
from core.models.pruning import coverage
from core.specs import DistillSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run(spec: DistillSpec, job: JobContext) -> None:
    """Asks the teachers, then teaches the student."""
    require_trainable(spec, job)
    if spec.on_policy:
        live.require_own_answers(spec, job)
    if spec.hidden_weight or spec.attention_weight:
        live.require_inside(spec, job)
    if spec.learning_rate is None and spec.method == "full":
        spec = spec.model_copy(update={"learning_rate": CUT_RATE})
    decisions = decide(spec, job)
    freeing.return_large()
    count = Count()
    try:
        asked = [teacher.ask(spec, number, job, decisions, count) for number in range(len(spec.teachers))]
        learn(
            spec,
            job,
            decisions,
            lambda prepared: _trainer(spec, job, prepared, asked),
            "distilled",
            asked[0].answers,
        )
    except CancelledError:
        if not count.kept:
            raise
        job.log(f"Stopped before the student began to learn; {count.kept} of {count.wanted} answers stay.")
        job.result(answers_kept=count.kept, answers_wanted=count.wanted)
        job.stopped()


def _trainer(spec: DistillSpec, job: JobContext, prepared: Prepared, asked: list[Asked]) -> Any:
    """The trainer, once the rows have found their lessons."""
    lessons = Lessons(asked, prepared.tokenizer, by_rank=spec.divergence == "universal")
    shares = lessons.add(prepared.train.usable, "train")
    lessons.add(prepared.validation.usable, "validation")
    for artifact, share, one in zip(spec.teachers, shares, asked, strict=True):
        name = records.describe(job.input(artifact)).name or artifact
        is_cut = coverage.is_cut(prepared.tokenizer.get_vocab(), one.tokenizer.get_vocab())
        if share < coverage.LEAST and is_cut:
            data = Dataset(job.input(spec.data)).info.name
            raise coverage.not_covered(prepared.said.name or "The student", name, data, share)
        _require_understood(name, share, job)
    weights = spec.teacher_weights or (1.0,) * len(spec.teachers)
    teaching = Teaching(spec.divergence, spec.temperature, spec.label_weight, weights)
    load = live.loader(spec, job, prepared)
    inside = spec.hidden_weight or spec.attention_weight
    return functools.partial(
        DistillTrainer,
        lessons=lessons,
        teaching=teaching,
        own=live.own_answers(spec, job, prepared, load) if spec.on_policy else None,
        own_from=prepared.plan.steps - round(spec.on_policy * prepared.plan.steps),
        matching=live.matching_inside(spec, job, prepared, load) if inside else None,
    )


def _require_understood(name: str, share: float, job: JobContext) -> None:
    """A teacher that cuts the answers into other tokens cannot be compared token by token."""
    if share < coverage.LEAST:
        raise InputError(
            f"{name} and the student do not speak in the same tokens.",
            why=f"Only {share:.0%} of the answers are cut into the same tokens by both.",
            fix="Compare by rank instead (divergence=universal), or let the teacher write the answers and "
            "fine-tune the student on them.",
            code="distill.tokens",
        )
    if share < 1:
        job.warn(f"On {1 - share:.1%} of the rows {name} cuts the answer differently; they teach by label.")
