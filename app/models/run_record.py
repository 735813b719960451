"""Everything a run's page shows, collected from its events; plain Python, tested with recordings."""

from __future__ import annotations

import collections
import math
from dataclasses import dataclass, field

from app.models.run_progress import RunProgress
from app.models.token_rows import TokenRow, rows_of
from core.jobs.curves import SAME
from core.jobs.events import Event
from core.models.learning_curve import Overfitting, judge
from core.models.quantizing.plan import Part
from core.models.quantizing.sensitivity import Tried, Unit
from core.models.trials import Trial

_MAX_LOG = 1000
_LONGEST_PAUSE_S = 5.0
MEMORY = "memory"


@dataclass(frozen=True)
class Sample:
    """An answer of the model as it is now."""

    prompt: str
    answer: str
    expected: str | None
    step: int | None
    note: str = ""
    teacher: str | None = None

    @property
    def is_right(self) -> bool | None:
        """Whether it says what was expected; None when nothing was."""
        if self.expected is None:
            return None
        return " ".join(self.answer.split()).casefold() == " ".join(self.expected.split()).casefold()


@dataclass(frozen=True)
class Best:
    """The best look at the validation rows; its weights are kept."""

    step: int
    validation_loss: float


@dataclass(frozen=True)
class ValidationRow:
    """A validation row and its loss a token."""

    prompt: str
    expected: str
    loss: float


@dataclass(frozen=True)
class LogLine:
    """A line of the log with its Unix time."""

    t: float
    text: str


@dataclass(frozen=True)
class Made:
    """An artifact the run left."""

    id: str
    type: str
    name: str


@dataclass
class Delta:
    """What one batch of events added."""

    points: list[tuple[str, float, float]] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    samples: bool = False
    warnings: bool = False
    made: bool = False
    state: bool = False
    trials: bool = False


class RunRecord:
    """Takes a run's events in order, each once, whether replayed or live."""

    def __init__(self) -> None:
        self.progress = RunProgress()
        self.points: dict[str, list[tuple[float, float]]] = {}
        self.samples: dict[str, Sample] = {}
        self.history: dict[str, list[Sample]] = {}
        self.best: Best | None = None
        self.rows: tuple[ValidationRow, ...] = ()
        self.batch: tuple[TokenRow, ...] = ()
        self.log: collections.deque[LogLine] = collections.deque(maxlen=_MAX_LOG)
        self.warnings: list[str] = []
        self.made: list[Made] = []
        self.trials: dict[int, Trial] = {}
        self.layers = 0
        self.units: dict[tuple[int, str], Unit] = {}
        self.head: Part | None = None
        self.tried: tuple[Tried, ...] = ()
        self._next_seq = 0
        self._worked_s = 0.0
        self._last_t: float | None = None

    def take(self, events: list[Event]) -> Delta:
        """Takes a batch; events that were already taken are skipped."""
        delta = Delta()
        for event in events:
            if event.seq < self._next_seq:
                continue
            self._next_seq = event.seq + 1
            self.progress.take(event)
            self._take(event, delta)
        return delta

    def _take(self, event: Event, delta: Delta) -> None:
        match event.ev:
            case "metrics":
                step = float(event.get("step") or 0)
                for name, value in (event.get("values") or {}).items():
                    self._add_point(SAME.get(name, name), step, float(value), delta)
            case "resources":
                if self._last_t is not None:
                    self._worked_s += min(max(event.t - self._last_t, 0.0), _LONGEST_PAUSE_S)
                self._last_t = event.t
                size = float(event.get("rss_bytes") or 0)
                if size > 0:  # the last sample may find the process gone
                    self._add_point(MEMORY, self._worked_s, size, delta)
            case "sample":
                self._add_sample(event)
                delta.samples = True
            case "best":
                self.best = Best(int(event.get("step") or 0), float(event.get("validation_loss") or 0.0))
            case "validation_rows":
                self.rows = tuple(
                    ValidationRow(
                        str(row.get("prompt", "")),
                        str(row.get("expected", "")),
                        float(row.get("loss") or 0.0),
                    )
                    for row in event.get("rows") or ()
                    if isinstance(row, dict)
                )
            case "batch":
                self.batch = self.batch or rows_of(event.get("rows"))
            case "trial":
                trial = Trial.model_validate(event.fields)
                self.trials[trial.number] = trial
                delta.trials = True
            case "damage":
                unit = Unit.model_validate({**event.fields, "damage": event.get("value")})
                self.units[unit.layer, unit.group] = unit
                self.layers = int(event.get("layers") or 0)
            case "mixture":
                self._take_mixture(event)
            case "warning":
                text = str(event.get("text", ""))
                if text not in self.warnings:
                    self.warnings.append(text)
                    delta.warnings = True
            case "artifact":
                self.made.append(Made(*(str(event.get(key, "")) for key in ("id", "type", "name"))))
                delta.made = True
            case "state":
                delta.state = True
        line = _line_of(event)
        if line:
            self.log.append(LogLine(event.t, line))
            delta.lines.append(LogLine(event.t, line))

    def _take_mixture(self, event: Event) -> None:
        units = [Unit.model_validate(said) for said in event.get("units") or ()]
        self.units = {(unit.layer, unit.group): unit for unit in units}
        self.head = Part.model_validate(event.get("head"))
        self.tried = tuple(Tried.model_validate(said) for said in event.get("tried") or ())

    def _add_sample(self, event: Event) -> None:
        prompt, expected = str(event.get("prompt", "")), event.get("expected")
        sample = Sample(
            prompt,
            str(event.get("answer", "")),
            None if expected is None else str(expected),
            event.get("step"),
            str(event.get("note") or ""),
            None if event.get("teacher") is None else str(event["teacher"]),
        )
        self.samples[prompt] = sample
        earlier = self.history.setdefault(prompt, [])
        # a resumed run repeats its last steps
        while earlier and None not in (earlier[-1].step, sample.step) and earlier[-1].step >= sample.step:
            earlier.pop()
        earlier.append(sample)

    @property
    def best_look(self) -> Best | None:
        """The best look: as the run said, or the lowest point of the validation curve of one that did not."""
        if self.best is not None:
            return self.best
        looks = [(y, x) for x, y in self.points.get("validation_loss", ()) if math.isfinite(y)]
        return Best(int(min(looks)[1]), min(looks)[0]) if looks else None

    @property
    def overfitting(self) -> Overfitting | None:
        """Whether it learns by heart by now."""
        return judge(self.points.get("loss", ()), self.points.get("validation_loss", ()))

    def _add_point(self, name: str, x: float, y: float, delta: Delta) -> None:
        points = self.points.setdefault(name, [])
        while points and points[-1][0] >= x:  # a resumed run repeats its last steps
            points.pop()
        points.append((x, y))
        delta.points.append((name, x, y))

    def last(self, name: str) -> float | None:
        """Newest value of a curve."""
        points = self.points.get(name)
        return points[-1][1] if points else None


def _line_of(event: Event) -> str:
    """The event as a line of the log; the many small ones have none."""
    match event.ev:
        case "log" | "warning":
            return str(event.get("text", ""))
        case "phase":
            return str(event.get("name", "")).replace("_", " ")
        case "state":
            return str(event.get("state", ""))
        case "best":
            return f"step {event.get('step', '')} is the best so far, kept"
        case "checkpoint":
            return f"checkpoint {event.get('step', '')} verified"
        case "artifact":
            return f"made {event.get('type', '')} {event.get('name', '')}"
        case "error":
            return str(event.get("what", ""))
        case _:
            return ""
