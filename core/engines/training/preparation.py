"""Everything a training needs before its first step: decisions, model, rows as tokens, plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.data import sizes
from core.data.dataset import Dataset
from core.engines import merging, tokenizing
from core.engines.training import adapters, examples, four_bit, packing, precision, weights
from core.engines.training.losses import PLAIN, Objective
from core.engines.training.templates import without_default_system
from core.engines.training.trainer import Plan
from core.errors import InputError
from core.models import records
from core.models.fit import machine
from core.models.fit.corrections import Corrections
from core.models.fit.need import predict
from core.specs import FinetuneSpec, TrainingSpec

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.jobs.context import JobContext

_LEARNING_RATES = {"lora": 1e-3, "qlora": 1e-3, "dora": 1e-3, "ia3": 5e-3, "full": 5e-5}
_SAVES = 10
#: Validation may cost this share of the training's row passes; a forward pass is 0.4 of a training pass.
_VALIDATION_SHARE = 0.05 / 0.4


@dataclass(frozen=True)
class Decisions:
    """What is measured or left open by the spec; stored before the first step and used again on resume."""

    method: str
    threads: int
    learning_rate: float
    precision: str
    recompute: bool

    @property
    def bf16(self) -> bool:
        """Whether matrix products run in bf16."""
        return self.precision == "bf16"

    @property
    def adapter(self) -> bool:
        """Whether an add-on learns beside a frozen model."""
        return self.method != "full"


@dataclass(frozen=True)
class Prepared:
    """A model that is ready to learn, and what it learns from."""

    model: Any
    tokenizer: PreTrainedTokenizerBase
    said: records.Description
    base: str
    decisions: Decisions
    plan: Plan
    train: examples.Examples
    validation: examples.Examples
    watched: Sequence[examples.Example]


def decide(spec: TrainingSpec, job: JobContext) -> Decisions:
    """Fixes what the spec leaves open, and sets the number of threads."""
    chosen = job.resolved(lambda: _decide(spec, job))
    torch.set_num_threads(chosen["threads"])
    return Decisions(**{name: chosen[name] for name in Decisions.__dataclass_fields__})


def _decide(spec: TrainingSpec, job: JobContext) -> dict[str, Any]:
    threads = spec.threads or int(job.resources["threads"])
    torch.set_num_threads(threads)
    method = adapters.choose_method(spec, job)
    speeds = precision.race() if spec.precision == "auto" else {}
    return {
        "method": method,
        "threads": threads,
        "gflops": speeds,
        "learning_rate": spec.learning_rate or _LEARNING_RATES[method],
        "precision": precision.choose(speeds) if spec.precision == "auto" else spec.precision,
        "recompute": _must_recompute(spec, job, threads),
        "versions": {"torch": torch.__version__},
    }


def _must_recompute(spec: TrainingSpec, job: JobContext, threads: int) -> bool:
    """Whether activations are computed twice: as told, or when memory asks for it."""
    if spec.gradient_checkpointing != "auto":
        return spec.gradient_checkpointing == "on"
    shape = merging.root_shape(job, spec.model)
    here = machine.this(job.folder, threads)
    return predict(spec, shape, sizes.read(job.input(spec.data)), here, Corrections()).checkpointing


def require_trainable(spec: TrainingSpec, job: JobContext) -> None:
    """Refuses what no training can start from, before anything heavy is loaded.

    Raises:
        InputError: The model is an exported one, or the method does not go with it or with this computer.
    """
    if records.describe(job.input(spec.model)).format == "onnx":
        raise InputError(
            "This model cannot be fine-tuned.",
            why="It is an exported, quantized model; its weights can no longer learn.",
            fix="Fine-tune the model it was made from, then quantize the result.",
        )
    adapters.choose_method(spec, job)


def prepare(spec: TrainingSpec, job: JobContext, decisions: Decisions) -> Prepared:
    """Loads the model, encodes the rows, attaches what learns, and makes the plan.

    Raises:
        InputError: The model or the data cannot be learnt from.
        CancelledError: A stop was requested while rows were encoded.
    """
    job.phase("loading")
    base, data = job.input(spec.model), Dataset(job.input(spec.data))
    said = records.describe(base)
    # A frozen base is never rounded further by bf16: that is how it is stored. What learns, learns in fp32.
    dtype = torch.bfloat16 if decisions.adapter and decisions.bf16 else torch.float32
    beneath = str(said.base) if spec.continue_adapter else spec.model
    four_bits = decisions.method == "qlora"
    model: Any = weights.load_model(job, beneath, _stored(said) if four_bits else dtype)
    if four_bits:
        four_bit.shrink(model, dtype)
        job.log(four_bit.REMARK)
    tokenizer = tokenizing.load(base)
    if not spec.default_system and data.info.task != "pretraining":  # documents need no template
        _drop_default_system(tokenizer, job)

    train = _encode(data, "train", tokenizer, spec.max_length, job)
    examples.require_some(train, spec.max_length)
    validation = _encode(data, "validation", tokenizer, spec.max_length, job)
    packed = packing.prepare(model, train.usable)
    if not packed:
        job.log("This architecture's attention cannot be packed; it learns row by row, which is slower.")
    plan = make_plan(spec, decisions, len(train.usable), packed=packed)
    if decisions.recompute:
        # The reentrant kind would need inputs that require gradients, which a frozen embedding's do not.
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        job.log("Activations are computed a second time instead of kept: less memory, more time.")
    if decisions.adapter:
        name = records.describe(job.input(beneath)).name or beneath
        model = attach(model, spec, decisions, name, existing=base if spec.continue_adapter else None)
        if spec.continue_adapter:
            job.log(f"{said.name or 'The adapter'} learns on; its own rank, alpha and dropout stay.")
    return Prepared(
        model=model,
        tokenizer=tokenizer,
        said=said,
        base=beneath,
        decisions=decisions,
        plan=plan,
        train=train,
        validation=validation,
        watched=_watched(validation.usable, plan, spec.seed),
    )


def attach(
    model: Any, spec: TrainingSpec, decisions: Decisions, base_name: str, existing: Path | None = None
) -> Any:
    """Adds what learns to a loaded model; for full fine-tuning that is the model itself."""
    if not decisions.adapter:
        return model
    return adapters.attach(model, spec, decisions.method, base_name, existing=existing)


def _stored(said: records.Description) -> torch.dtype:
    return torch.bfloat16 if said.dtype in ("bf16", "bfloat16") else torch.float32


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


def make_plan(spec: TrainingSpec, decisions: Decisions, rows: int, *, packed: bool) -> Plan:
    """Steps, intervals and sizes of a run over `rows` rows."""
    steps_per_epoch = -(-rows // spec.batch_size)
    steps = max(1, round(spec.epochs * steps_per_epoch))
    steps = min(steps, spec.max_steps or steps)
    tenth = max(1, -(-steps // _SAVES))
    return Plan(
        steps=steps,
        steps_per_epoch=steps_per_epoch,
        batch_size=spec.batch_size,
        pack_tokens=spec.tokens_at_once if packed else 1,
        learning_rate=decisions.learning_rate,
        warmup_steps=round(spec.warmup_ratio * steps),
        weight_decay=spec.weight_decay,
        bf16=decisions.bf16,
        schedule=spec.schedule,
        max_grad_norm=spec.max_grad_norm,
        objective=_objective(spec),
        share=not (decisions.adapter and spec.lora_dropout),  # each row draws its own dropout
        patience=spec.early_stopping,
        keep_best=spec.keep_best,
        checkpoint_every=spec.checkpoint_every or tenth,
        validate_every=spec.validate_every or tenth,
        seed=spec.seed,
    )


def _objective(spec: TrainingSpec) -> Objective:
    """What fine-tuning makes small; who learns from a teacher has a loss of his own."""
    if not isinstance(spec, FinetuneSpec):
        return PLAIN
    return Objective(spec.loss, spec.focal_gamma, spec.label_smoothing)


def _watched(rows: Sequence[examples.Example], plan: Plan, seed: int) -> list[examples.Example]:
    """The validation rows looked at along the way: as many as cost about a twentieth of the training."""
    looks = max(1, plan.steps // plan.validate_every)
    room = int(_VALIDATION_SHARE * plan.steps * plan.batch_size / looks)
    return random.Random(seed).sample(list(rows), min(len(rows), max(8, room)))
