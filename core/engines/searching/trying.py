"""One trial: a fresh add-on on the same model and the same rows, trained until it ends or is ended."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from transformers import TrainerCallback

from core.engines.training import packing, weights
from core.engines.training.examples import Example
from core.engines.training.preparation import Decisions, Prepared, attach, make_plan
from core.engines.training.templates import IGNORED
from core.engines.training.trainer import Plan, WorkbenchTrainer
from core.errors import JobError
from core.jobs.context import JobContext
from core.models.trials import TrialState
from core.specs import FinetuneSpec

#: Looks at the validation rows in a trial; they are what trials are compared by on the way.
LOOKS = 5
#: Rows that judge: enough to tell trials apart, few enough that five looks cost about half a pass.
_LEAST_WATCHED, _MOST_WATCHED, _WATCHED_SHARE = 32, 200, 0.25
#: Rows answered for the share of right answers; each costs about one row of training.
_MOST_ANSWERED = 64
_OUT_OF_MEMORY = ("not enough memory", "out of memory", "can't allocate")


@dataclass
class Outcome:
    """How a training went.

    Attributes:
        state: `complete`, `pruned`, `diverged`, `failed` or `stopped`.
        curve: Share of the training and loss at every look.
        note: Why it did not complete.
        accuracy: Share of answers that are right to the letter, where that was asked for.
    """

    state: TrialState = "complete"
    curve: list[tuple[float, float]] = field(default_factory=list)
    note: str = ""
    accuracy: float | None = None


class TrialContext(JobContext):
    """The search's job as one trial's training sees it: it may end, and its steps are not events.

    Args:
        job: The search's own job.
        over: Whether the time is used up.
        ticked: Called with the share of the training that is done.
    """

    def __init__(self, job: JobContext, over: Callable[[], bool], ticked: Callable[[float], None]) -> None:
        super().__init__(job.folder / "trial", {}, io.StringIO())
        self._job, self._over, self._ticked = job, over, ticked
        self.steps = 1

    def emit(self, ev: str, **fields: Any) -> None:
        """Only what a person should read goes on to the search."""
        if ev in ("warning", "log"):
            self._job.emit(ev, **fields)

    def progress(self, done: int, total: int | None = None, left_s: float | None = None) -> None:
        """A step was made."""
        self._ticked(min(1.0, done / self.steps))

    def goes_on_after(self, unit: str, done: int, total: int | None = None) -> None:
        """A trial goes on nowhere: a search resumes with whole trials."""

    @property
    def stop_requested(self) -> bool:
        """The person stops the search, or its time is used up."""
        return self._job.stop_requested or self._over()


class Bench:
    """The loaded model and the encoded rows, on which one trial after the other is tried.

    Args:
        job: The search's job.
        base: The fine-tuning that trials vary.
        decisions: What was measured for all of them.
        prepared: Model, rows and plan of `base`.
    """

    def __init__(self, job: JobContext, base: FinetuneSpec, decisions: Decisions, prepared: Prepared) -> None:
        self._job = job
        self._decisions = decisions
        self._prepared = prepared
        self._model: Any = prepared.model
        self._packed = prepared.plan.pack_tokens > 1
        rows = prepared.validation.usable
        most = max(_LEAST_WATCHED, round(_WATCHED_SHARE * len(prepared.train.usable)))
        count = min(len(rows), most, _MOST_WATCHED)
        #: The validation rows that judge, the same for every trial.
        self.watched: list[Example] = random.Random(base.seed).sample(list(rows), count)

    def train(
        self,
        spec: FinetuneSpec,
        context: TrialContext,
        looked: Callable[[float, float], bool],
        *,
        answers: bool,
    ) -> Outcome:
        """Trains with a trial's settings.

        Args:
            spec: The settings.
            context: Its link to the search.
            looked: Gets share and loss at every look; True ends the trial as pruned.
            answers: Whether to count answers that are right to the letter.

        Raises:
            RuntimeError: Anything but a lack of memory; that is a fault of ours.
        """
        outcome = Outcome()
        try:
            plan = self._plan(spec)
            model = self._fresh(spec)
            context.steps = plan.steps
            watch = _Watch(plan.steps, outcome, looked)
            trainer = WorkbenchTrainer(
                model,
                plan,
                context,
                self._prepared.train.usable,
                self.watched,
                look=_no_samples,
                belongs_to=("", "", ""),
            )
            trainer.add_callback(watch)
            trainer.train()
            if (
                outcome.state != "pruned"
                and context.stop_requested
                and trainer.state.global_step < plan.steps
            ):
                outcome.state = "stopped"
            elif outcome.state == "complete":
                if watch.step < trainer.state.global_step:
                    trainer.evaluate()
                if answers:
                    outcome.accuracy = right_answers(model, self.watched[:_MOST_ANSWERED])
        except JobError as error:
            outcome.state = "diverged" if error.code == "job.not_finite" else "failed"
            outcome.note = error.why or error.what
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and not any(text in str(error) for text in _OUT_OF_MEMORY):
                raise
            outcome.state, outcome.note = "failed", "Memory ran out."
        if outcome.state == "complete" and not outcome.curve:
            outcome.state, outcome.note = "diverged", "The validation loss is not a number."
        return outcome

    def _plan(self, spec: FinetuneSpec) -> Plan:
        """The trial's plan; looks come in fifths, and nothing is saved, so the best look counts by itself."""
        rows = len(self._prepared.train.usable)
        rate = spec.learning_rate or self._decisions.learning_rate
        decisions = replace(self._decisions, learning_rate=rate)
        steps = make_plan(spec, decisions, rows, packed=self._packed).steps
        every = spec.validate_every or max(1, -(-steps // LOOKS))
        lean = spec.model_copy(update={"validate_every": every, "keep_best": False, "sample_prompts": 0})
        return make_plan(lean, decisions, rows, packed=self._packed)

    def _fresh(self, spec: FinetuneSpec) -> Any:
        """The model as it was before the trial before: a new add-on, or the stored weights again."""
        base_name = self._prepared.said.name or self._job.input(spec.model).name
        if self._decisions.adapter:
            self._model = attach(self._model.unload(), spec, self._decisions, base_name)
        else:
            self._model = None  # frees the memory before the next copy comes
            self._prepared = replace(self._prepared, model=None)
            self._model = weights.load_model(self._job, spec.model, torch.float32)
            if self._packed:
                packing.prepare(self._model, self._prepared.train.usable)
            torch.manual_seed(spec.seed)
        return self._model


class _Watch(TrainerCallback):
    """Takes the loss at every look, lets the search decide, and keeps the trainer from saving."""

    def __init__(self, steps: int, outcome: Outcome, looked: Callable[[float, float], bool]) -> None:
        self._steps, self._outcome, self._looked = steps, outcome, looked
        self.step = 0

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_kwargs: Any) -> None:
        loss = float((metrics or {}).get("eval_loss", math.nan))
        if not math.isfinite(loss) or state.global_step == self.step:
            return
        self.step = state.global_step
        share = round(self.step / self._steps, 4)
        self._outcome.curve.append((share, loss))
        if self._looked(share, loss) and self.step < self._steps:
            self._outcome.state = "pruned"
            self._outcome.note = "Worse than half of the trials before at the same point."
            control.should_training_stop = True

    def on_step_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
        control.should_save = False


def _no_samples(_step: int) -> None:
    """A trial shows no sample answers."""


def right_answers(model: Any, rows: Sequence[Example]) -> float:
    """Share of rows whose whole answer, end included, is what the model would write itself.

    Greedy decoding writes the expected answer exactly when every expected token is the likeliest one after
    the expected tokens before it; one forward pass a row tells, no token has to be generated.
    """
    model.eval()
    right = 0
    with torch.no_grad():
        for row in rows:
            labels = torch.tensor(row.labels[1:])
            places = torch.nonzero(labels != IGNORED).flatten()
            ids = torch.tensor([row.ids])
            logits = model(input_ids=ids, logits_to_keep=places, use_cache=False).logits[0]
            right += bool((logits.argmax(-1) == labels[places]).all())
    return right / len(rows)
