"""What one training needs: memory by part, seconds, disk, energy."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from core.models.fit.corrections import Corrections
from core.models.fit.energy import assumed_watts
from core.models.fit.machine import Machine
from core.models.fit.memory import Memory, memory
from core.models.fit.rows import RowSizes, Schedule, Steps, schedule, simulate
from core.models.fit.shape import Shape, learnt
from core.specs import TrainingSpec

#: Share of the matrix speed that a training step reaches over all: 0.5 measured on two AVX2 cores, fp32.
_EFFICIENCY = 0.5
_BF16_GAIN = 2.5  # of matrix units that know bf16
_ADAM_S = 1.2e-9  # a learnt value's change, memory-bound
_PACK_S_A_LAYER = 0.6e-3  # starting some hundred small operations
#: Share of the time so far that sample answers may take while it trains; the engine keeps to it.
SAMPLES_SHARE = 0.03
_START_S = 10.0
SAVE_BYTES_S = 150e6
LOAD_BYTES_S = 500e6
_READ_BYTES_S = 5e9  # of weights a core while one token after the other is written
_MOST_CHECKPOINTS = 4  # at one time: the newest two, the best one, and the one being written


@dataclass(frozen=True)
class Seconds:
    """Time by part: steps, looks at validation rows and sample answers, everything else, asking teachers."""

    training: float
    looking: float
    rest: float
    asking: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.training + self.looking + self.rest + self.asking


@dataclass(frozen=True)
class Need:
    """What a training needs. Bytes, seconds, watt-hours.

    Attributes:
        memory: At its highest, by part.
        seconds: From the start to the result.
        checkpoint: Bytes of one checkpoint.
        result: Bytes of the result.
        energy_wh: Electricity of the whole computer.
        energy_measured: Whether watts were measured here, not assumed.
        method: As it will be decided.
        bf16: Whether matrix products run in bf16.
        checkpointing: Whether activations are computed twice.
        plan: Steps, looks and saves.
        steps: What a step looks like.
        store: Bytes of what teachers said.
    """

    memory: Memory
    seconds: Seconds
    checkpoint: float
    result: float
    energy_wh: float
    energy_measured: bool
    method: str
    bf16: bool
    checkpointing: bool
    plan: Schedule
    steps: Steps
    store: float = 0.0

    @property
    def disk(self) -> float:
        """At its fullest: the checkpoints, the result, and what teachers said."""
        return min(_MOST_CHECKPOINTS, self.plan.most_saves) * self.checkpoint + self.result + self.store

    @property
    def rows_per_s(self) -> float:
        """Rows learnt a second while it trains."""
        return self.plan.steps * self.steps.rows / self.seconds.training


def predict(
    spec: TrainingSpec, shape: Shape, rows: RowSizes, machine: Machine, corrections: Corrections
) -> Need:
    """The formula, with what earlier runs on this machine say of it.

    Args:
        spec: What is trained, and how.
        shape: The model's sizes.
        rows: The data's sizes.
        machine: Where.
        corrections: From earlier runs; `Corrections()` takes the formula as it is.
    """
    if spec.gradient_checkpointing != "auto":
        return _predict(spec, shape, rows, machine, corrections, spec.gradient_checkpointing == "on")
    plain = _predict(spec, shape, rows, machine, corrections, checkpointing=False)
    if plain.memory.total <= machine.memory_free:
        return plain
    return _predict(spec, shape, rows, machine, corrections, checkpointing=True)


def _predict(
    spec: TrainingSpec,
    shape: Shape,
    rows: RowSizes,
    machine: Machine,
    corrections: Corrections,
    checkpointing: bool,
) -> Need:
    method = "lora" if spec.method == "auto" else spec.method
    bf16 = spec.precision == "bf16" or (spec.precision == "auto" and (corrections.bf16 or machine.fast_bf16))
    if spec.precision == "auto" and corrections.bf16 is not None:
        bf16 = corrections.bf16
    plan = schedule(
        rows,
        epochs=spec.epochs,
        batch_size=spec.batch_size,
        max_steps=spec.max_steps,
        validate_every=spec.validate_every,
        checkpoint_every=spec.checkpoint_every,
        keep_best=spec.keep_best,
    )
    steps = simulate(
        rows.lengths,
        plan.steps,
        min(spec.batch_size, max(rows.train, 1)),
        spec.tokens_at_once,
        spec.max_length,
        shape.tokens_a_score,
    )
    held = memory(
        spec,
        shape,
        steps,
        method=method,
        bf16=bf16,
        checkpointing=checkpointing,
        answer_share=rows.answer_share,
        libraries=corrections.libraries,
        activation_ratio=corrections.activations,
    )
    count = learnt(shape, method, spec.lora_rank)
    checkpoint, result = 12 * count, count * 4 if method != "full" else float(shape.file_bytes or 4 * count)
    speed = flops_a_s(machine, bf16) / corrections.seconds
    forward = _forward_flops(shape, steps, rows.answer_share)
    adapter = method != "full"
    backward = forward * (1.0 if adapter else 2.0) + (6 * count * steps.tokens if adapter else 0.0)
    step = (forward * (2.0 if checkpointing else 1.0) + backward) / speed
    step += corrections.seconds * (
        count * _ADAM_S + steps.packs * shape.layers * _PACK_S_A_LAYER * (3 if adapter else 2)
    )
    look = forward / speed * plan.watched / max(steps.rows, 1e-9)
    training = plan.steps * step
    looking = plan.looks * look + look * (rows.validation - plan.watched) / max(plan.watched, 1)
    if spec.sample_prompts and rows.validation:
        answer = max(1.0, statistics.fmean(rows.lengths or (1,)) * rows.answer_share)
        written = answer * held.weights / (_READ_BYTES_S * machine.threads)
        looking += max(plan.looks * written, SAMPLES_SHARE * training)
    rest = _START_S + shape.file_bytes / LOAD_BYTES_S
    rest += (plan.saves * checkpoint + result) / SAVE_BYTES_S
    seconds = Seconds(training, looking, rest)
    watts = corrections.watts or assumed_watts(machine.threads)
    return Need(
        memory=held,
        seconds=seconds,
        checkpoint=checkpoint,
        result=result,
        energy_wh=watts * seconds.total / 3600,
        energy_measured=corrections.watts is not None,
        method=method,
        bf16=bf16,
        checkpointing=checkpointing,
        plan=plan,
        steps=steps,
    )


def flops_a_s(machine: Machine, bf16: bool) -> float:
    """Operations a second that a training reaches over all."""
    gain = 1.0 if not bf16 else _BF16_GAIN if machine.fast_bf16 else 0.3
    return machine.gflops * 1e9 * _EFFICIENCY * gain


def _forward_flops(shape: Shape, steps: Steps, answer_share: float) -> float:
    """Operations of a step's way forward: linear layers, attention, the output layer where it is learnt."""
    linear = 2 * shape.linear_weights * steps.tokens
    attention = 4 * shape.hidden * shape.layers * steps.scores
    output = 2 * shape.hidden * shape.vocabulary * max(1.0, steps.tokens * answer_share)
    return linear + attention + output
