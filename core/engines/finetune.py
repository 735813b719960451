"""Teaches a model a task from examples: LoRA or full, packed rows, durable checkpoints."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from core.data.dataset import Dataset
from core.engines.training import checkpoints, examples, packing, precision, weights
from core.engines.training.sampling import Sampler
from core.engines.training.templates import without_default_system
from core.engines.training.trainer import Plan, WorkbenchTrainer
from core.errors import InputError
from core.models import records
from core.specs import FinetuneSpec

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.jobs.context import JobContext

_LEARNING_RATES = {"lora": 1e-3, "full": 5e-5}
_SAVES = 10
#: Validation may cost this share of the training's row passes; a forward pass is 0.4 of a training pass.
_VALIDATION_SHARE = 0.05 / 0.4


def run(spec: FinetuneSpec, job: JobContext) -> None:
    """Loads, prepares, trains, saves."""
    _require_trainable(spec, job)
    chosen = job.resolved(lambda: _decide(spec, job))
    torch.set_num_threads(chosen["threads"])

    job.phase("loading")
    base, data = job.input(spec.model), Dataset(job.input(spec.data))
    said = records.describe(base)
    lora, bf16 = chosen["method"] == "lora", chosen["precision"] == "bf16"
    # A frozen base is never rounded further by bf16: that is how it is stored. What learns, learns in fp32.
    model = weights.load_model(job, spec.model, torch.bfloat16 if lora and bf16 else torch.float32)
    tokenizer = weights.load_tokenizer(base)
    if not spec.default_system:
        _drop_default_system(tokenizer, job)

    train = _encode(data, "train", tokenizer, spec.max_length, job)
    examples.require_some(train, spec.max_length)
    validation = _encode(data, "validation", tokenizer, spec.max_length, job)
    packed = packing.prepare(model, train.usable)
    if not packed:
        job.log("This architecture's attention cannot be packed; it learns row by row, which is slower.")
    plan = _plan(spec, chosen, len(train.usable), packed=packed)

    if lora:
        model = weights.attach_lora(
            model,
            rank=spec.lora_rank,
            alpha=spec.lora_alpha,
            dropout=spec.lora_dropout,
            base_name=said.name or base.name,
            seed=spec.seed,
        )
    belongs_to = (spec.digest(), examples.digest(data.folder), weights.digest(job, spec.model))
    found = checkpoints.newest(job.folder / "checkpoints", job.warn) if job.resumed else None
    if found:
        checkpoints.require_same(found[1], belongs_to)
    watched = _watched(validation.usable, plan, spec.seed)
    sampler = Sampler(watched[: spec.sample_prompts], tokenizer, job)
    trainer = WorkbenchTrainer(
        model,
        plan,
        job,
        train.usable,
        watched,
        lambda step: sampler.look(model, step),
        belongs_to,
        trained_s=found[1].trained_s if found else 0.0,
        recent_losses=found[1].recent_losses if found else (),
    )

    job.phase("training", total=plan.steps, unit="steps")
    if found:
        job.log(f"Continues after step {found[1].step} of {plan.steps}.")
        job.progress(found[1].step)
    elif job.resumed:
        job.log("No checkpoint was saved before; the training starts again.")
    if found and found[1].step >= plan.steps:
        trainer.load_weights(found[0])
        trainer.state.global_step = found[1].step
    else:
        trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
    trained_s, steps = trainer.trained_s, trainer.state.global_step

    job.phase("saving")
    figures: dict[str, Any] = {}
    if validation.usable:
        figures["validation_loss"] = trainer.mean_loss(packing.batch(validation.usable, plan.pack_tokens))
        job.metrics(steps, validation_loss=figures["validation_loss"])
    _save(spec, job, model, tokenizer, said, lora=lora)  # may change the model's number format, so it is last
    job.result(
        train_loss=sum(trainer.recent_losses) / max(len(trainer.recent_losses), 1),
        steps=steps,
        planned_steps=plan.steps,
        seconds=round(trained_s, 1),
        train_rows=len(train.usable),
        rows_per_s=round(steps / plan.steps_per_epoch * len(train.usable) / trained_s, 2),
        method=chosen["method"],
        precision=chosen["precision"],
        parameters_learnt=weights.count(model, learning=True),
        **figures,
    )
    if steps < plan.steps:
        job.stopped()


def _require_trainable(spec: FinetuneSpec, job: JobContext) -> None:
    """Refuses what no training can start from, before anything heavy is loaded."""
    if records.describe(job.input(spec.model)).format == "onnx":
        raise InputError(
            "This model cannot be fine-tuned.",
            why="It is an exported, quantized model; its weights can no longer learn.",
            fix="Fine-tune the model it was made from, then quantize the result.",
        )


def _decide(spec: FinetuneSpec, job: JobContext) -> dict[str, Any]:
    """What is measured or left open by the spec; stored, and used again on resume."""
    threads = spec.threads or int(job.resources["threads"])
    torch.set_num_threads(threads)
    method = "lora" if spec.method == "auto" else spec.method
    speeds = precision.race() if spec.precision == "auto" else {}
    return {
        "method": method,
        "threads": threads,
        "gflops": speeds,
        "learning_rate": spec.learning_rate or _LEARNING_RATES[method],
        "precision": precision.choose(speeds) if spec.precision == "auto" else spec.precision,
        "versions": {"torch": torch.__version__},
    }


def _drop_default_system(tokenizer: PreTrainedTokenizerBase, job: JobContext) -> None:
    """Gives the tokenizer the leaner template; the tuned model keeps it, so all later steps agree."""
    variant = without_default_system(tokenizer)
    if variant.removed:
        tokenizer.chat_template = variant.template
        job.log(f"The template's own system line is left out: {variant.removed.strip()!r}")


def _encode(
    data: Dataset, split: examples.Split, tokenizer: PreTrainedTokenizerBase, max_length: int, job: JobContext
) -> examples.Examples:
    """A split as token ids; remarks on lost rows become warnings."""
    job.phase("preparing", total=data.count(split), unit="rows")
    found = examples.Examples()
    for found in examples.encode(data, split, tokenizer, max_length):
        job.progress(found.rows)
        job.check_cancelled()
    for remark in found.remarks(max_length):
        job.warn(remark if split == "train" else f"Validation: {remark}")
    return found


def _plan(spec: FinetuneSpec, chosen: dict[str, Any], rows: int, *, packed: bool) -> Plan:
    """Steps, intervals and sizes of this run."""
    steps_per_epoch = -(-rows // spec.batch_size)
    steps = max(1, round(spec.epochs * steps_per_epoch))
    steps = min(steps, spec.max_steps or steps)
    tenth = max(1, -(-steps // _SAVES))
    return Plan(
        steps=steps,
        steps_per_epoch=steps_per_epoch,
        batch_size=spec.batch_size,
        pack_tokens=packing.PACK_TOKENS if packed else 1,
        learning_rate=chosen["learning_rate"],
        warmup_steps=round(spec.warmup_ratio * steps),
        weight_decay=spec.weight_decay,
        bf16=chosen["precision"] == "bf16",
        checkpoint_every=spec.checkpoint_every or tenth,
        validate_every=spec.validate_every or tenth,
        seed=spec.seed,
    )


def _watched(rows: Sequence[examples.Example], plan: Plan, seed: int) -> list[examples.Example]:
    """The validation rows looked at along the way: as many as cost about a twentieth of the training."""
    looks = max(1, plan.steps // plan.validate_every)
    room = int(_VALIDATION_SHARE * plan.steps * plan.batch_size / looks)
    return random.Random(seed).sample(list(rows), min(len(rows), max(8, room)))


def _save(
    spec: FinetuneSpec,
    job: JobContext,
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    said: records.Description,
    *,
    lora: bool,
) -> None:
    """Stages the tuned model as an artifact: an adapter, or a whole model in its base's number format."""
    folder = job.stage("model")
    dtype = torch.bfloat16 if said.dtype in ("bf16", "bfloat16") else torch.float32
    if lora:
        weights.save_adapter(model, folder)
    else:
        weights.save_full(model, folder, dtype)
    tokenizer.save_pretrained(folder)
    description = records.Description(
        format="adapter" if lora else "hf",
        name=job.name or f"{said.name}-tuned",
        architecture=said.architecture,
        parameters=weights.count(model, learning=lora),
        context=said.context,
        licence=said.licence,
        dtype="f32" if lora else said.dtype,
        base=spec.model,
        source=f"fine-tuned from {said.name or 'a model'}",
        note=said.note,
    )
    records.write(folder, description)
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note", "base"}
    job.artifact("model", folder, meta=description.model_dump(include=listed))
