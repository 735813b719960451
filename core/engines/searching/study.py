"""Optuna's study in the run folder: what was tried survives a kill, and a resume tries what came next.

A trial's place in the order (its number from 1) seeds its own sampler, so a trial that broke off is tried
again with the same settings, as if nothing had happened. Optuna's own numbers count broken trials too and
are not shown.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from core.errors import InputError, JobError
from core.models.trials import KEPT, Trial
from core.specs import SearchSpec
from core.specs.search import WHOLE, Choices, Params, Range

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
#: Told to Optuna as pruned, which counts as worse than every complete trial; a failed one would be forgotten.
_STATES |= {"diverged": TrialState.PRUNED, "failed": TrialState.PRUNED}
_RECORD, _NUMBER, _SPENT, _BELONGS_TO = "record", "number", "spent_s", "belongs_to"
#: TPE begins to judge after so many; MedianPruner compares with at least so many.
_TPE_AFTER, _PRUNE_AFTER = 6, 4
#: Fewer complete trials say nothing about what matters.
IMPORTANCE_FROM = 8


class Study:
    """The trials of one search.

    Args:
        path: The SQLite file.
        spec: What is searched, and how.
        belongs_to: Digests of data and model.

    Raises:
        InputError: The file belongs to another data set or model.
        JobError: It cannot be read.
    """

    def __init__(self, path: Path, spec: SearchSpec, belongs_to: Sequence[str]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self._spec = spec
        self._grid = spec.grid() if spec.sampler == "grid" else []
        pruner = optuna.pruners.MedianPruner(
            n_startup_trials=_PRUNE_AFTER, n_warmup_steps=1, n_min_trials=_PRUNE_AFTER
        )
        try:
            self._study = optuna.create_study(
                storage=RDBStorage(f"sqlite:///{path}"),
                study_name="search",
                load_if_exists=True,
                direction="minimize",
                pruner=pruner if spec.pruner == "median" else optuna.pruners.NopPruner(),
            )
            known = self._study.user_attrs.get(_BELONGS_TO)
        except Exception as error:  # whatever SQLite, SQLAlchemy or Optuna say of a damaged file
            raise JobError(
                "The record of the trials cannot be read.",
                why=str(error).splitlines()[0][:200],
                fix="Start a new search; models and data are not touched.",
                code="search.damaged",
                details=str(error),
            ) from error
        if known is None:
            self._study.set_user_attr(_BELONGS_TO, list(belongs_to))
        elif known != list(belongs_to):
            raise InputError(
                "The search cannot be resumed.",
                why="Its data or its model changed.",
                fix="Start a new search.",
                code="input.changed",
            )
        self._open: Any = None

    def mend(self) -> list[Trial]:
        """Marks trials that a kill left open as failed, to be tried again. Returns them as stopped ones."""
        broken = []
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
            self._study.tell(trial.number, state=TrialState.FAIL)
            number = trial.user_attrs.get(_NUMBER)
            if number is not None:
                params = self._values(trial.params)
                broken.append(
                    Trial(number=number, state="stopped", params=params, note="The job was interrupted.")
                )
        return broken

    @property
    def trials(self) -> list[Trial]:
        """Trials that count, in order."""
        found = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        return [Trial.model_validate(trial.user_attrs[_RECORD]) for trial in found]

    @property
    def spent_s(self) -> float:
        """Seconds that the search has worked, broken trials included."""
        return float(self._study.user_attrs.get(_SPENT, 0.0))

    def spend(self, seconds: float) -> None:
        """Remembers how long the search has worked until now."""
        self._study.set_user_attr(_SPENT, seconds)

    def begin(self, number: int, usual: Params) -> dict[str, float]:
        """Chooses what trial `number` tries; the first tries `usual`, to see what the search gains."""
        self._study.sampler = self._sampler(number, usual)
        self._open = self._study.ask()
        self._open.set_user_attr(_NUMBER, number)
        for name, span in self._spec.fields.items():
            if isinstance(span, Choices):  # by place, so that the sampler knows their order
                self._open.suggest_int(name, 0, len(span.choices) - 1)
            elif name in WHOLE:
                self._open.suggest_int(name, int(span.low), int(span.high), log=span.log)
            else:
                self._open.suggest_float(name, span.low, span.high, log=span.log)
        return self._values(self._open.params)

    def report(self, look: int, loss: float) -> bool:
        """Notes the loss at a look, counted from 1 in equal shares of a training. Whether to give up."""
        self._open.report(loss, look)
        return bool(self._open.should_prune())

    def end(self, trial: Trial) -> None:
        """Keeps the open trial's outcome; one that does not count is tried again."""
        self._open.set_user_attr(_RECORD, trial.model_dump(mode="json", exclude={"importance"}))
        if trial.state in KEPT:
            state = _STATES[trial.state]
            self._study.tell(self._open, trial.value if state == TrialState.COMPLETE else None, state=state)
        else:
            self._study.tell(self._open, state=TrialState.FAIL)
        self._open = None

    def importance(self) -> dict[str, float] | None:
        """Share of the differences in loss that each setting explains (fANOVA, Hutter et al. 2014).

        None with fewer than `IMPORTANCE_FROM` complete trials, or when nothing differs.
        """
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(complete) < IMPORTANCE_FROM or len({trial.value for trial in complete}) < 2:
            return None
        try:
            found = get_param_importances(
                self._study, evaluator=FanovaImportanceEvaluator(seed=self._spec.seed)
            )
        except (RuntimeError, ValueError):  # all trials tried the same
            return None
        return {name: round(float(value), 4) for name, value in found.items()}

    def _sampler(self, number: int, usual: Params) -> Any:
        seed = (self._spec.seed * 1_000_003 + number) % 2**32
        anything = optuna.samplers.RandomSampler(seed=seed)
        if self._grid:
            return optuna.samplers.PartialFixedSampler(self._places(self._grid[number - 1]), anything)
        if number == 1:
            return optuna.samplers.PartialFixedSampler(self._places(usual), anything)
        if self._spec.sampler == "random":
            return anything
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=_TPE_AFTER, multivariate=True)

    def _values(self, places: dict[str, Any]) -> dict[str, float]:
        """What Optuna calls a trial, as values of the settings."""

        def value(span: Range, place: float) -> float:
            return span.choices[int(place)] if isinstance(span, Choices) else float(place)

        return {name: value(span, places[name]) for name, span in self._spec.fields.items() if name in places}

    def _places(self, params: Params) -> dict[str, float]:
        """The way back: the nearest choice's place, or a value inside the span."""
        places: dict[str, float] = {}
        for name, wanted in params.items():
            span = self._spec.fields[name]
            if isinstance(span, Choices):
                nearest = min(span.choices, key=lambda choice: abs(choice - wanted))
                places[name] = span.choices.index(nearest)
            else:
                inside = min(max(wanted, span.low), span.high)
                places[name] = int(inside) if name in WHOLE else inside
        return places
