"""Teaches a model a task from examples: an add-on or every weight, packed rows, durable checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from core.engines import merging
from core.engines.training import adapters, checkpoints, examples, first_batch, sampling, weights
from core.engines.training.preparation import Decisions, Prepared, decide, prepare, require_trainable
from core.engines.training.trainer import WorkbenchTrainer
from core.errors import CancelledError
from core.jobs.spent import CHECKPOINTS
from core.models import records
from core.specs import FinetuneSpec, TrainingSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

TrainerClass = Callable[..., WorkbenchTrainer]

_SHOWN_ROWS = 8
_SHOWN_TOKENS = 3  # rows of the first batch shown token by token


def run(spec: FinetuneSpec, job: JobContext) -> None:
    """Loads, prepares, trains, saves."""
    require_trainable(spec, job)
    learn(spec, job, decide(spec, job))


def learn(
    spec: TrainingSpec,
    job: JobContext,
    decisions: Decisions,
    trainer_for: Callable[[Prepared], TrainerClass] = lambda _prepared: WorkbenchTrainer,
    made: str = "fine-tuned",
    teacher: Mapping[int, str] | None = None,
) -> None:
    """Trains as decided, from the newest checkpoint where there is one, and keeps what came of it.

    Args:
        spec: What is learnt.
        job: Whose run it is.
        decisions: What the spec leaves open.
        trainer_for: Makes the trainer; distilling has its own.
        made: In a word, how the result came to be.
        teacher: A teacher's answers by validation row, to be shown beside the model's.
    """
    belongs_to = (
        spec.digest(),
        examples.digest(job.input(spec.data)),
        merging.digest(job, spec.model),
    )
    found = checkpoints.newest(job.folder / CHECKPOINTS, job.warn) if job.resumed else None
    if found:
        checkpoints.require_same(found[1], belongs_to)
    try:
        prepared = prepare(spec, job, decisions)
    except CancelledError:
        if not found:
            raise
        job.log("Stopped before it went on; what was saved stays.")
        job.stopped()
        return

    plan = prepared.plan
    if not found:
        first = prepared.train.usable[:_SHOWN_TOKENS]
        job.emit("batch", rows=first_batch.describe(first, prepared.tokenizer))
    asked = sampling.shown(prepared.validation.usable, spec.sample_prompts)
    sampler = sampling.Sampler(asked, prepared.tokenizer, job, teacher)
    trainer = trainer_for(prepared)(
        prepared.model,
        plan,
        job,
        prepared.train.usable,
        prepared.watched,
        lambda step: sampler.look(prepared.model, step),
        belongs_to,
        found[1] if found else None,
    )
    job.phase("training", total=plan.steps, unit="steps", done=found[1].step if found else 0)
    if found:
        job.log(f"Continues after step {found[1].step} of {plan.steps}.")
    elif job.resumed:
        job.log("No checkpoint was saved before; the training starts again.")
    if found and (found[1].step >= plan.steps or trainer.out_of_patience):
        trainer.load_weights(found[0])
        trainer.state.global_step = found[1].step
    else:
        trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
    trained_s, steps = trainer.trained_s, trainer.state.global_step

    job.phase("saving")
    trainer.look_at_the_end()
    kept = _go_back_to_the_best(trainer, job)
    nearness = trainer.judge_kept(kept)
    figures = _validate(prepared, trainer, kept, job)
    _save(job, prepared, made)  # may change the model's number format, so it is last
    learnt = len(prepared.train.usable)
    job.result(
        train_loss=sum(trainer.recent_losses) / max(len(trainer.recent_losses), 1),
        steps=steps,
        planned_steps=plan.steps,
        seconds=round(trained_s, 1),
        train_rows=learnt,
        rows_per_s=round(steps / plan.steps_per_epoch * learnt / trained_s, 2),
        method=decisions.method,
        precision=decisions.precision,
        parameters_learnt=weights.count(prepared.model, learning=True),
        kept_step=kept,
        ended_early=trainer.out_of_patience and steps < plan.steps,
        **nearness,
        **figures,
    )
    if steps < plan.steps and not trainer.out_of_patience:
        job.stopped()


def _go_back_to_the_best(trainer: WorkbenchTrainer, job: JobContext) -> int:
    """Takes the weights of the best look at the validation rows. Returns the step whose weights are kept."""
    last, best = int(trainer.state.global_step), trainer.best_step
    if not trainer.plan.keep_best or best is None or best == last:
        return last
    found = checkpoints.at_step(trainer.folder, best, job.warn)
    if found is None:
        return last
    trainer.load_weights(found[0])
    job.log(f"The validation rows went best at step {best}; the result is the model of that step.")
    return best


def _validate(prepared: Prepared, trainer: WorkbenchTrainer, step: int, job: JobContext) -> dict[str, Any]:
    """Loss of the kept weights on every validation row, with the rows that went best and worst."""
    rows = prepared.validation.usable
    if not rows:
        return {}
    losses = _every_loss(prepared, trainer, step)
    mean = sum(losses) / sum(row.targets for row in rows)
    if step == trainer.state.global_step:  # the curve shows the weights of its step
        job.metrics(step, validation_loss=mean)
    ranked = sorted(zip(losses, rows, strict=True), key=lambda pair: pair[0] / pair[1].targets)
    shown = ranked if len(ranked) <= 2 * _SHOWN_ROWS else ranked[:_SHOWN_ROWS] + ranked[-_SHOWN_ROWS:]
    job.emit(
        "validation_rows",
        step=step,
        rows=[
            {
                "row": row.row,
                "prompt": row.messages[-2]["content"] if len(row.messages) > 1 else "",
                "expected": row.messages[-1]["content"],
                "loss": round(loss / row.targets, 4),
            }
            for loss, row in shown
        ],
    )
    return {"validation_loss": mean}


def _every_loss(prepared: Prepared, trainer: WorkbenchTrainer, step: int) -> list[float]:
    """Summed loss of every validation row, by the weights of `step`, which are in the model now.

    Of the rows that were watched the look at that step has told. Only the others are gone over, in parts of
    their own: a row's last bits depend on its part, and so they are the same whether a look is remembered or,
    after a resume, taken again.
    """
    watched = {id(row) for row in prepared.watched}
    others = [row for row in prepared.validation.usable if id(row) not in watched]
    found = dict(zip(map(id, prepared.watched), trainer.watched(step).rows, strict=True))
    if others:
        found |= dict(zip(map(id, others), trainer.row_losses(trainer.batch(others)), strict=True))
    return [found[id(row)] for row in prepared.validation.usable]


def _save(job: JobContext, prepared: Prepared, made: str) -> None:
    """Stages the tuned model as an artifact: an adapter, or a whole model in its base's number format."""
    folder, said, adapter = job.stage("model"), prepared.said, prepared.decisions.adapter
    dtype = torch.bfloat16 if said.dtype in ("bf16", "bfloat16") else torch.float32
    if adapter:
        adapters.save(prepared.model, folder)
    else:
        weights.save_full(prepared.model, folder, dtype)
    prepared.tokenizer.save_pretrained(folder)
    description = records.Description(
        format="adapter" if adapter else "hf",
        name=job.name or f"{said.name}-tuned",
        architecture=said.architecture,
        parameters=weights.count(prepared.model, learning=adapter),
        context=said.context,
        licence=said.licence,
        dtype="f32" if adapter else said.dtype,
        base=prepared.base if adapter else None,
        method=prepared.decisions.method,
        rank=adapters.rank_of(prepared.model) if adapter else None,
        source=f"{made} from {said.name or 'a model'}",
        note=said.note,
    )
    records.write(folder, description)
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note", "base"}
    job.artifact("model", folder, meta=description.model_dump(include=listed))
