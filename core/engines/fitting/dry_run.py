"""A few real steps of a fine-tuning, with its own model and rows, of which nothing is kept."""

from __future__ import annotations

import math
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import TrainerCallback

from core.engines import merging
from core.engines.fitting.peak import PeakMeter
from core.engines.training import adapters, packing, sampling, weights
from core.engines.training.examples import Example
from core.engines.training.preparation import Prepared, decide, prepare
from core.engines.training.trainer import WorkbenchTrainer
from core.jobs.sampling import free_disk_bytes
from core.models.fit import energy
from core.models.fit.need import SAMPLES_SHARE, SAVE_BYTES_S, Seconds
from core.models.fit.rows import Pack, pack
from core.specs import TrainingSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_HEAVY, _TYPICAL = 2, 4
_LOOKED_AT = 2000  # steps of a long run among which the heaviest is sought
_NEVER = 1_000_000
#: Bytes of the disk that a mere question never fills, not even for a moment.
_LEFT_FREE = 200_000_000


@dataclass(frozen=True)
class Measured:
    """What the dry run found. Bytes and seconds.

    Attributes:
        libraries: Memory with every library loaded, before the model.
        loaded: Memory with the model in place.
        loading_peak: Highest memory until then.
        step_peak: Highest memory over the heaviest steps of the run.
        evaluation_peak: Highest memory over a batch of validation rows.
        saving_peak: Highest memory while a checkpoint and the result were written.
        learner: Gradients, optimizer states, and the add-on's own weights.
        beside: The add-on's own weights, which are in memory once the model is in place.
        heaviest_tokens: Tokens of the largest part of the heaviest step.
        step_s: One step on typical rows.
        step_tokens: Tokens of such a step.
        mean_step_tokens: Tokens of a step over the whole run.
        steps: Steps of the whole run.
        rows: Rows to learn from.
        starting_s: From the start of the process until every library was loaded.
        loading_s: Loading the model and preparing the rows.
        evaluation_s: One look at the validation rows that are watched.
        looks: How many looks the run takes.
        answer_s: One sample answer; a look shows at least one.
        last_look_s: The validation rows that were not watched, at the end.
        checkpoint_s: One save.
        saves: How many saves the run makes.
        saving_s: Writing the result.
        checkpoint: Bytes of a checkpoint.
        result: Bytes of the result.
        saved: Whether both were written and measured; computed where the disk has too little room.
        method: As decided.
        precision: As decided.
        watts: Electricity during the steps, where the processor's counters can be read.
    """

    libraries: int
    loaded: int
    loading_peak: int
    step_peak: int
    evaluation_peak: int
    saving_peak: int
    learner: int
    beside: int
    heaviest_tokens: int
    step_s: float
    step_tokens: float
    mean_step_tokens: float
    steps: int
    rows: int
    starting_s: float
    loading_s: float
    evaluation_s: float
    looks: int
    answer_s: float
    last_look_s: float
    checkpoint_s: float
    saves: int
    saving_s: float
    checkpoint: int
    result: int
    saved: bool
    method: str
    precision: str
    watts: float | None

    @property
    def seconds(self) -> Seconds:
        """The whole run, by what its pieces took."""
        training = self.steps * self.step_s * self.mean_step_tokens / self.step_tokens
        looking = self.looks * self.evaluation_s + self.last_look_s
        if self.answer_s:
            looking += max(self.looks * self.answer_s, SAMPLES_SHARE * training)
        rest = self.starting_s + self.loading_s + self.saves * self.checkpoint_s + self.saving_s
        return Seconds(training, looking, rest)

    @property
    def peak(self) -> int:
        """Highest memory of all."""
        return max(self.loading_peak, self.step_peak, self.evaluation_peak, self.saving_peak)


def measure(spec: TrainingSpec, job: JobContext) -> Measured:
    """Loads and prepares as the run will, then takes its heaviest and some typical steps, looks and saves."""
    starting_s = time.time() - psutil.Process().create_time()
    meter = PeakMeter()
    libraries = meter.now()
    meter.take()
    began = time.perf_counter()
    prepared = prepare(spec, job, decide(spec, job))
    loading_s = time.perf_counter() - began
    loaded, loading_peak = meter.now(), meter.take()

    job.phase("measuring")
    rows = prepared.train.usable
    trainer = _DryTrainer(prepared, job, meter)
    order = trainer.order(spec.epochs)[: prepared.plan.steps]
    shape = merging.root_shape(job, spec.model)
    heavy = max(
        order,
        key=lambda chosen: max(
            item.weight(shape.tokens_a_score) for item in _packs(rows, chosen, prepared.plan.pack_tokens)
        ),
    )
    typical = _typical(rows, order)
    trainer.chosen = [*[heavy] * _HEAVY, *typical]
    used, began = energy.joules(), time.perf_counter()
    trainer.train()
    watts = _watts(used, energy.joules(), time.perf_counter() - began)
    step_peak = max(trainer.peaks)
    beside = weights.count(prepared.model, learning=True) * 4 if prepared.decisions.adapter else 0
    learner = _learner_bytes(prepared.model, trainer.optimizer) + beside

    began = time.perf_counter()
    if prepared.watched:
        trainer.look_at(packing.batch(prepared.watched, prepared.plan.pack_tokens))
    evaluation_s = time.perf_counter() - began
    answered = prepared.watched[: min(1, spec.sample_prompts)]
    answer_s = 0.0
    if answered:
        began = time.perf_counter()
        sampling.Sampler(answered, prepared.tokenizer, job).look(prepared.model, 0)
        answer_s = time.perf_counter() - began
    evaluation_peak = meter.take()

    written = _computed(prepared)
    if saved := written.has_room(job.folder):
        written = _save(prepared, trainer, job)
    saving_peak = meter.take()
    plan = prepared.plan
    return Measured(
        libraries=libraries,
        loaded=loaded,
        loading_peak=loading_peak,
        step_peak=step_peak,
        evaluation_peak=evaluation_peak,
        saving_peak=saving_peak,
        learner=learner,
        beside=beside,
        heaviest_tokens=max(item.tokens for item in _packs(rows, heavy, plan.pack_tokens)),
        step_s=statistics.median(trainer.seconds[_HEAVY:]),
        step_tokens=statistics.median(_tokens(rows, chosen) for chosen in typical),
        mean_step_tokens=statistics.fmean(_tokens(rows, chosen) for chosen in order),
        steps=plan.steps,
        rows=len(rows),
        starting_s=starting_s,
        loading_s=loading_s,
        evaluation_s=evaluation_s,
        looks=max(1, plan.steps // plan.validate_every) if prepared.watched else 0,
        answer_s=answer_s,
        last_look_s=evaluation_s * _unwatched(prepared) / max(len(prepared.watched), 1),
        checkpoint_s=written.checkpoint_s,
        saves=max(1, plan.steps // plan.checkpoint_every),
        saving_s=written.result_s,
        checkpoint=written.checkpoint,
        result=written.result,
        saved=saved,
        method=prepared.decisions.method,
        precision=prepared.decisions.precision,
        watts=watts,
    )


@dataclass(frozen=True)
class _Written:
    """A checkpoint and the result: bytes, and seconds to write them."""

    checkpoint: int
    result: int
    checkpoint_s: float
    result_s: float

    def has_room(self, folder: Path) -> bool:
        """Whether the disk can take the larger of them, one at a time, and something is left for others."""
        free = free_disk_bytes(folder)
        return free is None or free > max(self.checkpoint, self.result) + _LEFT_FREE


def _computed(prepared: Prepared) -> _Written:
    """By the number of values that learn: each with two moments in a checkpoint, and alone in the result."""
    count = weights.count(prepared.model, learning=True)
    size = 4 if prepared.decisions.adapter else _stored(prepared).itemsize
    checkpoint, result = 12 * count, size * count
    return _Written(checkpoint, result, checkpoint / SAVE_BYTES_S, result / SAVE_BYTES_S)


def _save(prepared: Prepared, trainer: _DryTrainer, job: JobContext) -> _Written:
    """Both as they are; nothing of them is kept."""
    began = time.perf_counter()
    trainer.save()
    checkpoint_s = time.perf_counter() - began
    checkpoint = _size(trainer.folder)
    shutil.rmtree(trainer.folder, ignore_errors=True)
    began = time.perf_counter()
    result = job.stage("result")
    if prepared.decisions.adapter:
        adapters.save(prepared.model, result)
    else:
        weights.save_full(prepared.model, result, _stored(prepared))
    return _Written(checkpoint, _size(result), checkpoint_s, time.perf_counter() - began)


class _DryTrainer(WorkbenchTrainer):
    """The run's trainer on chosen steps, with a clock and a look at the memory after each."""

    def __init__(self, prepared: Prepared, job: JobContext, meter: PeakMeter) -> None:
        self.chosen: list[list[int]] = []
        self.seconds: list[float] = []
        self.peaks: list[int] = []
        self._epochs_order: Any = None
        super().__init__(
            prepared.model,
            replace(prepared.plan, steps=_HEAVY + _TYPICAL, checkpoint_every=_NEVER, validate_every=_NEVER),
            job,
            prepared.train.usable,
            prepared.watched,
            lambda step: None,
            ("", "", ""),
        )
        self.add_callback(_Clock(self, meter))

    def save(self) -> None:
        """Writes a checkpoint as one on the way; the last one of a run holds no optimizer."""
        self.state.max_steps += 1
        super()._save_checkpoint(self.model, None)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Nothing is saved while the steps are measured."""

    def order(self, epochs: float) -> list[list[int]]:
        """The rows of each step of the whole run, as it will take them; of a very long one its beginning."""
        sampler: Any = super().get_train_dataloader().batch_sampler
        steps: list[list[int]] = []
        for epoch in range(math.ceil(epochs)):
            sampler.set_epoch(epoch)
            steps += list(sampler)
            if len(steps) >= _LOOKED_AT:
                break
        return steps

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Only the chosen steps."""
        return DataLoader(self.train_dataset, batch_sampler=self.chosen, collate_fn=self.data_collator)


class _Clock(TrainerCallback):
    """Times whole steps: rows to tensors, forward, backward, and the weights' change."""

    def __init__(self, trainer: _DryTrainer, meter: PeakMeter) -> None:
        self._trainer = trainer
        self._meter = meter
        self._began = 0.0

    def on_step_begin(self, *_args: Any, **_kwargs: Any) -> None:
        self._began = time.perf_counter()

    def on_step_end(self, *_args: Any, **_kwargs: Any) -> None:
        self._trainer.seconds.append(time.perf_counter() - self._began)
        self._trainer.peaks.append(self._meter.take())


def _packs(rows: Sequence[Example], chosen: Sequence[int], pack_tokens: int) -> list[Pack]:
    return pack([len(rows[row].ids) for row in chosen], pack_tokens)


def _tokens(rows: Sequence[Example], chosen: Sequence[int]) -> int:
    return sum(len(rows[row].ids) for row in chosen)


def _typical(rows: Sequence[Example], order: Sequence[list[int]]) -> list[list[int]]:
    """Steps whose number of tokens is nearest to the mean of all."""
    mean = statistics.fmean(_tokens(rows, chosen) for chosen in order)
    nearest = sorted(order, key=lambda chosen: abs(_tokens(rows, chosen) - mean))
    return [nearest[at % len(nearest)] for at in range(_TYPICAL)]


def _learner_bytes(model: nn.Module, optimizer: Any) -> int:
    """Gradients and optimizer states as they are."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    bytes_learnt = sum(parameter.numel() * parameter.element_size() for parameter in learning)
    states = sum(
        value.numel() * value.element_size()
        for state in optimizer.optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor)
    )
    return int(states + bytes_learnt)


def _unwatched(prepared: Prepared) -> int:
    return len(prepared.validation.usable) - len(prepared.watched)


def _watts(before: float | None, after: float | None, seconds: float) -> float | None:
    return None if before is None or after is None or after < before else (after - before) / seconds


def _stored(prepared: Prepared) -> torch.dtype:
    return torch.bfloat16 if prepared.said.dtype in ("bf16", "bfloat16") else torch.float32


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
