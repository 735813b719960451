"""Tries out settings one after the other and says which learn best, within a time budget.

The model is loaded and the rows are encoded once; a trial costs only its training. Validation rows judge;
test rows are never read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from core.data.dataset import Dataset
from core.engines import merging
from core.engines.searching.study import Study
from core.engines.searching.trying import LOOKS, Bench, Outcome, TrialContext
from core.engines.training import examples
from core.engines.training.preparation import decide, prepare, require_trainable
from core.errors import CancelledError, InputError, JobError
from core.models import trials as records
from core.models.trials import SearchReport, Trial, best_of
from core.specs import FinetuneSpec, SearchSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: So many trials in a row that cannot be run are no matter of settings.
_HOPELESS = 3


def run(spec: SearchSpec, job: JobContext) -> None:
    """Prepares once, then tries, judges and keeps, trial by trial; ends with a report."""
    base = spec.finetune({})
    require_trainable(base, job)
    data = Dataset(job.input(spec.data))
    if not data.count("validation"):
        raise InputError(
            "These settings cannot be searched.",
            why="The data set has no validation rows to judge by.",
            fix="Add the data again and keep some rows for validation.",
            code="search.no_validation",
        )
    decisions = decide(base, job)
    belongs_to = (examples.digest(job.input(spec.data)), merging.digest(job, spec.model))
    study = Study(job.folder / "search.db", spec, belongs_to)
    search = Search(spec, job, study)
    if job.resumed:
        search.go_on()
    try:
        prepared = prepare(base, job, decisions)
    except CancelledError:
        if not study.trials:
            raise
        job.log("Stopped before it went on; the trials so far stay.")
        job.stopped()
        return
    examples.require_some(prepared.validation, base.max_length)
    bench = Bench(job, base, decisions, prepared)
    usual = usual_params(spec, base, decisions.learning_rate)
    search.begin()
    while (number := search.next_number()) is not None:
        search.try_out(number, bench, usual, answers=data.info.task == "classification")

    job.phase("saving")
    report = SearchReport(
        ended_by=search.ended_by,
        best=search.best.number if search.best else None,
        settings=spec.settings_of(search.best.params) if search.best else {},
        importance=study.importance(),
        trials=tuple(search.trials.values()),
        seconds=round(search.spent_s, 1),
        train_rows=len(prepared.train.usable),
        watched_rows=len(bench.watched),
        spec=spec.model_dump(mode="json"),
    )
    folder = job.stage("report")
    records.write(folder, report)
    job.artifact("report", folder, meta={"data": spec.data, "search": True, "trials": len(report.trials)})
    job.result(
        trials=search.kept,
        pruned=sum(trial.state == "pruned" for trial in report.trials),
        seconds=report.seconds,
        ended_by=report.ended_by,
    )
    if search.best is not None:
        job.result(best_trial=search.best.number, validation_loss=search.best.value, best=report.settings)
    else:
        job.warn("No trial was finished. Give the search more time, or fewer passes or rows.")
    if search.ended_by == "stop":
        job.stopped()


def usual_params(spec: SearchSpec, base: FinetuneSpec, learning_rate: float) -> dict[str, float]:
    """What would be learnt with if nothing were searched, in the terms of the search."""
    usual = {name: float(getattr(base, name)) for name in spec.fields if name != "learning_rate"}
    if "learning_rate" in spec.fields:
        usual["learning_rate"] = learning_rate
    if "lora_alpha" in spec.fields:
        usual["lora_alpha"] = base.lora_alpha / base.lora_rank
    return usual


class Search:
    """The trials so far, the clock, and what the job hears of them."""

    def __init__(self, spec: SearchSpec, job: JobContext, study: Study) -> None:
        self._spec, self._job, self._study = spec, job, study
        self._began = time.monotonic() - study.spent_s
        self._failures = 0
        self.trials: dict[int, Trial] = {trial.number: trial for trial in study.trials}

    def go_on(self) -> None:
        """After an interruption: says what broke off and what is kept."""
        for broken in self._study.mend():
            self._job.emit("trial", **broken.model_dump(mode="json"))
        self._job.log(f"Continues after {self.kept} of {self._spec.planned_trials} trials.")

    def begin(self) -> None:
        """The trials come now."""
        budget_s = self._budget_s
        self._job.phase("searching", None if budget_s is None else round(budget_s), "seconds")
        self._tick(0.0)

    @property
    def spent_s(self) -> float:
        """Seconds of work, those before a resume included."""
        return time.monotonic() - self._began

    @property
    def _budget_s(self) -> float | None:
        return None if self._spec.minutes is None else self._spec.minutes * 60

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return self._budget_s is not None and self.spent_s >= self._budget_s

    @property
    def kept(self) -> int:
        """Trials that count."""
        return sum(trial.state in records.KEPT for trial in self.trials.values())

    @property
    def best(self) -> Trial | None:
        """The best until now."""
        return best_of(self.trials.values())

    @property
    def ended_by(self) -> Literal["trials", "minutes", "stop"]:
        """Why there are no more trials."""
        if self.kept >= self._spec.planned_trials:
            return "trials"
        return "stop" if self._job.stop_requested else "minutes"

    def next_number(self) -> int | None:
        """The next trial's number, or None at the end."""
        if self.kept >= self._spec.planned_trials or self._job.stop_requested or self.is_over:
            return None
        return self.kept + 1

    def try_out(self, number: int, bench: Bench, usual: dict[str, float], *, answers: bool) -> None:
        """Runs one trial and keeps what came out.

        Raises:
            JobError: The third trial in a row could not be run, and none ever was.
        """
        params = self._study.begin(number, usual)
        trial = Trial(number=number, state="running", params=params)
        self._say(trial)
        began, seen, last = time.monotonic(), 0, 0.0

        def looked(share: float, loss: float) -> bool:
            nonlocal trial, seen, last
            curve = (*trial.curve, (share, loss))
            trial = trial.model_copy(update={"curve": curve, "seconds": round(time.monotonic() - began, 2)})
            self._say(trial)
            self._job.metrics(round(share * 100), **{f"trial_{number}_validation_loss": loss})
            self._study.spend(self.spent_s)
            look, give_up = int(share * LOOKS + 1e-6), False
            for at in range(seen + 1, look + 1):  # a long step may pass more than one fifth
                give_up = self._study.report(at, loss if at == look else last or loss)
            seen, last = max(seen, look), loss
            return give_up

        context = TrialContext(self._job, lambda: self.is_over, self._tick)
        outcome = bench.train(self._spec.finetune(params), context, looked, answers=answers)
        trial = self._judged(trial, outcome, time.monotonic() - began)
        self._study.end(trial)
        self._study.spend(self.spent_s)
        self.trials[number] = trial
        self._job.goes_on_after("trials", self.kept, self._spec.planned_trials)
        self._say(trial.model_copy(update={"importance": self._study.importance()}))
        if trial.value is not None and self.best is not None and self.best.value is not None:
            self._job.metrics(number, validation_loss=trial.value, best_validation_loss=self.best.value)
        self._failures = self._failures + 1 if trial.state == "failed" else 0
        if self._failures >= _HOPELESS and self.best is None:
            raise JobError(
                "No trial can be run.",
                why=trial.note,
                fix="Choose smaller batches or shorter rows, then search again.",
            )

    def _judged(self, trial: Trial, outcome: Outcome, seconds: float) -> Trial:
        losses = [loss for _share, loss in outcome.curve]
        keeps_best = bool(self._spec.settings.get("keep_best", True))
        value = (min(losses) if keeps_best else losses[-1]) if outcome.state == "complete" else None
        note = outcome.note
        if outcome.state == "stopped":
            note = "The search was stopped." if self._job.stop_requested else "The time was used up."
        return Trial(
            number=trial.number,
            state=outcome.state,
            params=trial.params,
            value=value,
            accuracy=outcome.accuracy,
            seconds=round(seconds, 2),
            curve=tuple(outcome.curve),
            note=note,
        )

    def _say(self, trial: Trial) -> None:
        self._job.emit("trial", **trial.model_dump(mode="json"))

    def _tick(self, share: float) -> None:
        """Progress in seconds: of the time given, or of what the trials that are left will take."""
        spent, total = self.spent_s, self._budget_s
        if self.kept:
            usual_s = sum(trial.seconds for trial in self.trials.values()) / len(self.trials)
            rest_s = max(0.0, self._spec.planned_trials - self.kept - share) * usual_s
            total = min(spent + rest_s, total or spent + rest_s)
        if total is not None:
            self._job.progress(round(min(spent, total)), round(total))
