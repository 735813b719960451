"""Spec of the job that tries out settings, and what a searched setting may be."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from core.specs.base import THREADS_HELP, Option, Spec
from core.specs.finetune import FinetuneSpec
from core.specs.wording import reason

SamplerName = Literal["tpe", "random", "grid"]
PrunerName = Literal["median", "none"]
Params: TypeAlias = Mapping[str, float]
_WHOLE_VALUES = 5


class Span(BaseModel):
    """Any number between two ends; `log` tries each size as often as the next, for learning rates."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    high: float
    log: bool = False

    @property
    def middle(self) -> float:
        """Half-way between the ends, by factor when `log`."""
        return math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2

    @property
    def ends(self) -> tuple[float, ...]:
        """The values whose bounds decide whether the range is possible."""
        return (self.low, self.high)


class Choices(BaseModel):
    """A few numbers, in rising order."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    choices: tuple[float, ...]

    @property
    def ends(self) -> tuple[float, ...]:
        """The values whose bounds decide whether the range is possible."""
        return self.choices


Range: TypeAlias = Span | Choices
_LORA = ("lora_rank", "lora_alpha", "lora_dropout")
#: Settings that can be searched. `lora_alpha` is searched as a multiple of the rank.
SEARCHABLE = (
    "learning_rate",
    *_LORA,
    "batch_size",
    "epochs",
    "warmup_ratio",
    "weight_decay",
)
WHOLE = frozenset({"lora_rank", "batch_size"})
#: Around the method's own learning rate, a factor of about five either way.
_RATES = {"full": Span(low=1e-5, high=3e-4, log=True), "ia3": Span(low=1e-3, high=3e-2, log=True)}
_LORA_RATES = Span(low=2e-4, high=5e-3, log=True)
_USUAL: dict[str, Range] = {
    "lora_rank": Choices(choices=(4, 8, 16, 32)),
    "lora_alpha": Choices(choices=(1, 2, 4)),
    "lora_dropout": Choices(choices=(0, 0.05, 0.1)),
    "batch_size": Choices(choices=(4, 8, 16, 32)),
    "epochs": Choices(choices=(1, 2, 3, 5)),
}
#: Sensible ranges of what is searched only when asked for.
_MORE: dict[str, Range] = {
    "warmup_ratio": Choices(choices=(0, 0.05, 0.1)),
    "weight_decay": Choices(choices=(0, 0.01, 0.1)),
}


def usual_range(field: str, method: str) -> Range:
    """The range that suits a method; `field` is one of `SEARCHABLE`."""
    if field == "learning_rate":
        return _RATES.get(method, _LORA_RATES)
    return {**_USUAL, **_MORE}[field]


def usual_fields(method: str) -> dict[str, Range]:
    """What is searched when nothing is said: everything that matters for a method."""
    names = ["learning_rate", *(name for name in _USUAL if not _lacks(name, method))]
    return {name: usual_range(name, method) for name in names}


def parse_range(field: str, text: str) -> Range:
    """`0.0001:0.01` (also with a dash or `to`) as a span, `4, 8, 16` as choices.

    Raises:
        ValueError: These are no numbers.
    """
    for between in (":", "–", "…", " to "):
        low, found, high = text.partition(between)
        if found:
            return Span(low=float(low), high=float(high), log=field == "learning_rate")
    return Choices(choices=tuple(sorted({float(value) for value in text.split(",")})))


def range_text(span: Range, between: str = ":") -> str:
    """A range as `parse_range` reads it."""
    if isinstance(span, Span):
        return f"{span.low:g}{between}{span.high:g}"
    return ("," if between == ":" else ", ").join(f"{value:g}" for value in span.choices)


def problem_of(field: str, span: Range, method: str) -> str:
    """Why a setting cannot be searched in this range, in one sentence; empty when it can."""
    if field not in SEARCHABLE:
        return f"{field} cannot be searched; these can: {', '.join(SEARCHABLE)}."
    if _lacks(field, method):
        return f"The method {method} has no {field}."
    for value in span.ends:
        if said := _bound_problem(field, value):
            return said
    if isinstance(span, Choices):
        if len(set(span.choices)) < 2:
            return f"{field} needs at least two different values to choose from."
        return "" if list(span.choices) == sorted(set(span.choices)) else f"Sort the values of {field}."
    if span.low >= span.high:
        return f"{field} must begin below its end: {span.low:g} is not less than {span.high:g}."
    if span.log and span.low <= 0:
        return f"{field} must begin above 0 to be searched by size."
    return ""


def _lacks(field: str, method: str) -> bool:
    return field in _LORA and method in ("full", "ia3")


def _bound_problem(field: str, value: float) -> str:
    if field == "lora_alpha":
        return (
            "" if 0 < value <= 64 else f"lora_alpha is a multiple of the rank, between 0 and 64: {value:g}."
        )
    if field in WHOLE and value != int(value):
        return f"{field} must be a whole number, not {value:g}."
    info = FinetuneSpec.model_fields[field]
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    try:
        TypeAdapter(kind).validate_python(int(value) if field in WHOLE else value)
    except ValidationError as error:
        said = reason(error.errors()[0])
        return f"{field} cannot be {value:g}: {said[:1].lower()}{said[1:]}"
    return ""


class SearchSpec(Spec):
    """Tries out settings on your data and says which learn best; test rows are never touched."""

    kind: ClassVar[str] = "search"
    title: ClassVar[str] = "Search settings"

    model: str = Option(label="Model", help="The model that learns.")
    data: str = Option(label="Data", help="The examples it learns from, and the validation rows that judge.")
    settings: dict[str, Any] = Option(
        {}, label="Fixed settings", help="Settings of fine-tuning that every trial shares.", advanced=True
    )
    fields: dict[str, Range] = Option(
        {},
        label="Searched",
        help="What is tried, and between which values; empty takes what suits the method.",
    )
    sampler: SamplerName = Option(
        "tpe",
        label="Way to search",
        help="tpe learns from the trials before; random tries anything; grid tries every combination.",
    )
    pruner: PrunerName = Option(
        "median",
        label="Give up early",
        help="median ends a trial that is worse than half of the others were at the same point.",
        advanced=True,
    )
    minutes: float | None = Option(
        30.0,
        label="Time",
        help="Ends after so long; a trial that is still running is not counted. Empty: no limit.",
        unit="minutes",
        gt=0,
        le=100_000,
    )
    trials: int = Option(30, label="Trials", help="Ends after so many trials.", ge=1, le=10_000)
    seed: int = Option(
        17,
        label="Seed",
        help="Start of every random choice; the same seed tries the same.",
        advanced=True,
        ge=0,
    )
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @model_validator(mode="before")
    @classmethod
    def _fill_fields(cls, values: Any) -> Any:
        """An empty choice becomes the usual one, so that a stored spec says what it searches; one order."""
        if isinstance(values, dict) and not values.get("fields"):
            settings = values.get("settings") or {}
            usual = usual_fields(str(settings.get("method", "auto")))
            values = {**values, "fields": {name: usual[name] for name in usual if name not in settings}}
        if isinstance(values, dict) and isinstance(values.get("fields"), dict):
            order = {name: place for place, name in enumerate(SEARCHABLE)}
            fields = sorted(values["fields"].items(), key=lambda item: order.get(item[0], len(order)))
            values = {**values, "fields": dict(fields)}
        return values

    @model_validator(mode="after")
    def _possible(self) -> SearchSpec:
        if not self.fields:
            raise ValueError("Choose at least one setting to search.")
        if self.settings.get("continue_adapter"):
            raise ValueError("An add-on that learns on keeps its own settings; there is little to search.")
        for name in ("model", "data", "threads"):
            if name in self.settings:
                raise ValueError(f"{name} is no setting of a trial.")
        for field, span in self.fields.items():
            if problem := problem_of(field, span, self.method):
                raise ValueError(problem)
            if field in self.settings:
                raise ValueError(f"{field} is both fixed and searched; choose one.")
        for pick in (min, max):
            try:
                self.finetune({field: pick(span.ends) for field, span in self.fields.items()})
            except ValidationError as error:
                first = error.errors()[0]
                raise ValueError(f"The setting {first['loc'][0]} is not possible: {reason(first)}") from None
        return self

    @property
    def method(self) -> str:
        """The method of every trial."""
        return str(self.settings.get("method", "auto"))

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return (self.model, self.data)

    def in_four_bits(self) -> bool:
        """As every trial is."""
        return self.method == "qlora"

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)

    def settings_of(self, params: Params) -> dict[str, Any]:
        """What a trial's fine-tuning is set to: the fixed settings and the tried ones.

        `lora_alpha` comes out as a number: the tried multiple of the rank, or twice the rank where only the
        rank is searched.
        """
        values = dict(self.settings)
        values |= {name: int(value) if name in WHOLE else float(value) for name, value in params.items()}
        rank = int(values.get("lora_rank", FinetuneSpec.model_fields["lora_rank"].default))
        if "lora_alpha" in params:
            values["lora_alpha"] = max(1, round(params["lora_alpha"] * rank))
        elif "lora_rank" in params and "lora_alpha" not in values:
            values["lora_alpha"] = 2 * rank
        return values

    def finetune(self, params: Params) -> FinetuneSpec:
        """The fine-tuning of a trial, as it can be run by itself."""
        return FinetuneSpec(
            model=self.model, data=self.data, threads=self.threads, **self.settings_of(params)
        )

    def grid(self) -> list[dict[str, float]]:
        """Every combination in an order that the seed shuffles, so that a short search sees all corners."""
        values = [_points(name, span) for name, span in self.fields.items()]
        combinations = [dict(zip(self.fields, point, strict=True)) for point in itertools.product(*values)]
        random.Random(self.seed).shuffle(combinations)
        return combinations

    @property
    def planned_trials(self) -> int:
        """How many trials there are at most."""
        if self.sampler != "grid":
            return self.trials
        size = math.prod(len(_points(name, span)) for name, span in self.fields.items())
        return min(self.trials, size)


def _points(field: str, span: Range) -> tuple[float, ...]:
    """What a grid tries: the choices; of a span its ends and middle, or every whole number of a short one."""
    if isinstance(span, Choices):
        return span.choices
    if field in WHOLE:
        low, high = int(span.low), int(span.high)
        if high - low < _WHOLE_VALUES:
            return tuple(float(value) for value in range(low, high + 1))
        return (float(low), float(round(span.middle)), float(high))
    return (span.low, span.middle, span.high)
