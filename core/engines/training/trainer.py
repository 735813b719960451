"""transformers' Trainer with packed rows, durable checkpoints, and a job to report to."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainingArguments

from core.engines.training import checkpoints, lora, packed_attention, packing, precision, recomputed
from core.engines.training.checkpoints import Record
from core.engines.training.examples import Example
from core.engines.training.losses import PLAIN, Objective
from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.spent import CHECKPOINTS

_WEIGHTS = "weights.safetensors"
_RECENT = 20
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


@dataclass(frozen=True)
class Plan:
    """Everything that decides a training run besides model and data; fixed before the first step.

    Attributes:
        steps: Optimizer steps in all.
        pack_tokens: Tokens that go through the model at once; a step takes as many parts as it needs.
        share: Whether what the rows of a part begin with is computed once.
        patience: Looks at the validation rows without a better one that end the training; None never does.
        keep_best: Whether the step that went best on the validation rows keeps its checkpoint.
    """

    steps: int
    steps_per_epoch: int
    batch_size: int
    pack_tokens: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    bf16: bool
    checkpoint_every: int
    validate_every: int
    seed: int
    schedule: str = "cosine"
    max_grad_norm: float = 1.0
    objective: Objective = PLAIN
    share: bool = True
    patience: int | None = None
    keep_best: bool = False


def arguments(plan: Plan, folder: Path, *, validates: bool) -> TrainingArguments:
    """The plan in the Trainer's words."""
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=plan.steps,
        per_device_train_batch_size=plan.batch_size,
        learning_rate=plan.learning_rate,
        lr_scheduler_type=_SCHEDULES[plan.schedule],
        warmup_steps=plan.warmup_steps,
        weight_decay=plan.weight_decay,
        optim="adamw_torch_fused",
        max_grad_norm=plan.max_grad_norm,
        bf16=plan.bf16,
        seed=plan.seed,
        data_seed=plan.seed,
        use_cpu=True,
        remove_unused_columns=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        save_strategy="steps",
        save_steps=plan.checkpoint_every,
        eval_strategy="steps" if validates else "no",
        eval_steps=plan.validate_every,
    )


@dataclass(frozen=True)
class Look:
    """What a look at validation rows found.

    Attributes:
        loss: Mean over the learnt tokens.
        rows: Summed loss of each row, in their order.
        figures: What else was found, as metrics by name.
    """

    loss: float
    rows: tuple[float, ...]
    figures: Mapping[str, float] = field(default_factory=dict)


class WorkbenchTrainer(Trainer):
    """Trains on packed batches and tells a job how it goes.

    Args:
        model: With the parameters that learn marked as requiring gradients.
        plan: What was decided before.
        job: Where metrics go, and who may ask to stop.
        train: Examples to learn from.
        validation: Examples to look at along the way; may be empty.
        look: Called at every validation with the step; shows sample answers.
        belongs_to: Digests of spec, data and model, kept in every checkpoint.
        found: What the checkpoint says that this training goes on from.
    """

    def __init__(
        self,
        model: nn.Module,
        plan: Plan,
        job: JobContext,
        train: Sequence[Example],
        validation: Sequence[Example],
        look: Callable[[int], None],
        belongs_to: tuple[str, str, str],
        found: Record | None = None,
    ) -> None:
        self.control: TrainerControl
        self.plan = plan
        self.objective: Any = plan.objective
        self.job = job
        self.folder = job.folder / CHECKPOINTS
        self.recent_losses = deque(found.recent_losses if found else (), maxlen=_RECENT)
        self.best_step = found.best_step if found else None
        self.best_loss = found.best_loss if found else None
        self.looks_since_best = found.looks_since_best if found else 0
        self._looks: dict[int, Look] = {}
        self._validation = self.batch(validation) if validation else None
        self._look = look
        self._belongs_to = belongs_to
        self._trained_before_s = found.trained_s if found else 0.0
        self._started = time.perf_counter()
        self._recent_steps: deque[tuple[float, int, int]] = deque(maxlen=_RECENT)
        super().__init__(
            model=model,
            args=arguments(plan, self.folder, validates=bool(validation)),
            train_dataset=train,
            eval_dataset=validation or None,
            data_collator=self.batch,
            callbacks=[_Progress(job)],
        )
        self.remove_callback(PrinterCallback)
        lora.fuse(model)
        recomputed.keep_less(model)

    @property
    def trained_s(self) -> float:
        """Seconds of training, those before a resume included."""
        return self._trained_before_s + time.perf_counter() - self._started

    @property
    def out_of_patience(self) -> bool:
        """Whether the validation rows have not gone better for too many looks."""
        return self.plan.patience is not None and self.looks_since_best >= self.plan.patience

    # --- data and loss ---

    def batch(self, rows: Sequence[Example]) -> packing.Batch:
        """Rows as they go through the model."""
        return packing.batch(rows, self.plan.pack_tokens, share=self.plan.share)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """One batch a step, in an order that seed and epoch alone decide."""
        order = packing.ShuffledBatches(len(self.train_dataset), self.plan.batch_size, self.plan.seed)
        return DataLoader(self.train_dataset, batch_sampler=order, collate_fn=self.data_collator)

    def training_step(
        self, model: nn.Module, inputs: packing.Batch, num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Forward and backward over the packs of one step. Returns the mean loss over its learnt tokens."""
        model.train()
        total = torch.zeros(())
        for rows in inputs.packs:
            # Around the backward pass too: recomputing activations needs it.
            with packed_attention.attention.rows(rows):
                with self.numbers():
                    loss = self.loss_of(model, rows) / inputs.targets
                self.accelerator.backward(loss)
            total += loss.detach()
        _require_finite(float(total), "loss", self.state.global_step + 1)
        self._recent_steps.append((time.perf_counter(), inputs.rows, inputs.tokens))
        return total

    def numbers(self) -> torch.autocast:
        """The number format of matrix products, where it is not the weights' own.

        The Trainer's own switch reaches `model.forward` alone, and no pack goes through that.
        """
        stored = next(self.model.parameters()).dtype
        return precision.products(bf16=self.plan.bf16 and stored == torch.float32)

    def loss_of(self, model: nn.Module, rows: packing.Pack) -> Tensor:
        """Sum of the losses of a pack's learnt tokens, to learn from."""
        return packing.answer_loss(model, rows, self.objective)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> None:
        """A batch is a whole step and knows its own count."""

    def _clip_grad_norm(self, model: nn.Module) -> Any:
        norm = super()._clip_grad_norm(model)
        _require_finite(float(norm), "gradient", self.state.global_step + 1)
        return norm

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted; the Trainer would look for padded tensors."""
        return 0

    # --- what the job hears ---

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Passes a step's figures on; keeps no history, which every checkpoint would repeat."""
        if "loss" not in logs:
            return
        self.recent_losses.append(logs["loss"])
        self.job.metrics(
            self.state.global_step,
            loss=logs["loss"],
            learning_rate=logs["learning_rate"],
            grad_norm=float(logs["grad_norm"]),
            **self._speed(),
            **self.parts_of_loss(),
        )

    def parts_of_loss(self) -> dict[str, float]:
        """What else there is to say about a step."""
        return {}

    def _speed(self) -> dict[str, float]:
        if len(self._recent_steps) < 2:
            return {}
        first, *later = self._recent_steps
        seconds = later[-1][0] - first[0]
        return {
            "rows_per_s": sum(rows for _t, rows, _tokens in later) / seconds,
            "tokens_per_s": sum(tokens for _t, _rows, tokens in later) / seconds,
        }

    def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
        """Loss on the validation rows, and a look at sample answers. Draws no random number."""
        if self._validation is None:
            return {}
        look, step = self.look_at(self._validation), self.state.global_step
        self.job.metrics(step, validation_loss=look.loss)
        self._judge(look.loss)
        self._looks = {at: self._looks[at] for at in self._looks if at == self.best_step} | {step: look}
        self._look(step)
        self._recent_steps.clear()
        figures = {"eval_loss": look.loss}
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures

    def _judge(self, loss: float) -> None:
        """Remembers the best step and counts the looks since."""
        if self.best_loss is not None and not loss < self.best_loss:
            self.looks_since_best += 1
            if self.out_of_patience:
                self.control.should_save = self.control.should_training_stop = True
            return
        self.best_loss, self.best_step, self.looks_since_best = loss, self.state.global_step, 0
        self.job.emit("best", step=self.best_step, validation_loss=loss)
        if self.plan.keep_best:
            self.control.should_save = True

    def look_at_the_end(self) -> None:
        """Judges the last step too, if it was not."""
        if self._validation is not None and self.state.global_step not in self._looks:
            self.evaluate()

    def judge_kept(self, step: int) -> dict[str, float]:
        """Figures of the kept weights, those of `step`, for the run's result; warns where they got worse."""
        return {}

    def watched(self, step: int) -> Look:
        """The look at the watched rows by the weights of a step, which are in the model now.

        The newest look and the best one are remembered; after a resume the best one may be taken once more,
        to the same bits.
        """
        if step not in self._looks and self._validation is not None:
            self._looks[step] = self.look_at(self._validation)
        return self._looks.get(step, Look(0.0, ()))

    def look_at(self, rows: packing.Batch) -> Look:
        """Losses of a batch, without learning."""
        losses = self.row_losses(rows)
        return Look(sum(losses) / rows.targets, tuple(losses))

    def row_losses(self, rows: packing.Batch) -> list[float]:
        """Summed loss of each row of a batch, in the order of its rows, without learning."""
        self.model.eval()
        found = [0.0] * rows.rows
        for part in rows.packs:
            with self.numbers():
                losses = packing.losses_of_rows(self.model, part).tolist()
            for row, loss in zip(part.rows, losses, strict=True):
                found[row] = loss
        return found

    # --- checkpoints ---

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        record = checkpoints.Record(
            step=self.state.global_step,
            spec=self._belongs_to[0],
            data=self._belongs_to[1],
            model=self._belongs_to[2],
            trained_s=self.trained_s,
            recent_losses=tuple(self.recent_losses),
            best_step=self.best_step,
            best_loss=self.best_loss,
            looks_since_best=self.looks_since_best,
        )
        path = checkpoints.save(self.folder, record, self._fill_checkpoint)
        self.job.goes_on_after("steps", record.step, self.plan.steps)
        self.job.emit("checkpoint", step=record.step, path=path.relative_to(self.job.folder).as_posix())
        self._recent_steps.clear()

    def _fill_checkpoint(self, folder: Path) -> None:
        save_file({name: tensor.contiguous() for name, tensor in self._learning().items()}, folder / _WEIGHTS)
        if self.state.global_step < self.state.max_steps:  # after the last step no other one needs it
            self._save_optimizer_and_scheduler(str(folder))
        self._save_rng_state(str(folder))
        self.state.save_to_json(str(folder / "trainer_state.json"))

    def load_weights(self, folder: Path) -> None:
        """Puts a checkpoint's weights into the model."""
        stored = load_file(folder / _WEIGHTS)
        ours = self._learning()
        if stored.keys() != ours.keys():
            raise JobError(
                "The checkpoint is of another kind of model.",
                why="Its weights have other names.",
                fix="Start a new run.",
            )
        with torch.no_grad():
            for name, parameter in ours.items():
                parameter.copy_(stored[name])

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        self.load_weights(Path(resume_from_checkpoint))

    def _learning(self) -> dict[str, Tensor]:
        """The parameters that learn; tied ones appear once."""
        return {name: p.detach() for name, p in self.model.named_parameters() if p.requires_grad}


class _Progress(TrainerCallback):
    """Counts steps, and ends the training when the person asked to stop and keep."""

    def __init__(self, job: JobContext) -> None:
        self._job = job

    def on_step_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
        self._job.progress(state.global_step)
        if self._job.stop_requested:
            control.should_save = True
            control.should_training_stop = True


def _require_finite(value: float, name: str, step: int) -> None:
    if not math.isfinite(value):
        raise JobError(
            f"Training came apart at step {step}.",
            why=f"The {name} is {value}: the learning steps were too large.",
            fix="Start again with a smaller learning rate, for example a third of it. "
            "The last checkpoint before this step is kept.",
            code="job.not_finite",
        )
