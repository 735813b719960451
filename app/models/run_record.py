"""Everything a run's page shows, collected from its events; plain Python, tested with recordings."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field

from app.models.run_progress import RunProgress
from core.jobs.events import Event
from core.models.trials import Trial

_MAX_LOG = 1000
_LONGEST_PAUSE_S = 5.0
MEMORY = "memory"
#: Engines' names for one thing.
_SAME = {"ttft_ms": "first_token_ms"}


@dataclass(frozen=True)
class Sample:
    """An answer of the model as it is now."""

    prompt: str
    answer: str
    expected: str | None
    step: int | None

    @property
    def is_right(self) -> bool | None:
        """Whether it says what was expected; None when nothing was."""
        if self.expected is None:
            return None
        return " ".join(self.answer.split()).casefold() == " ".join(self.expected.split()).casefold()


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
        self.log: collections.deque[LogLine] = collections.deque(maxlen=_MAX_LOG)
        self.warnings: list[str] = []
        self.made: list[Made] = []
        self.trials: dict[int, Trial] = {}
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
                    self._add_point(_SAME.get(name, name), step, float(value), delta)
            case "resources":
                if self._last_t is not None:
                    self._worked_s += min(max(event.t - self._last_t, 0.0), _LONGEST_PAUSE_S)
                self._last_t = event.t
                size = float(event.get("rss_bytes") or 0)
                if size > 0:  # the last sample may find the process gone
                    self._add_point(MEMORY, self._worked_s, size, delta)
            case "sample":
                prompt = str(event.get("prompt", ""))
                expected = event.get("expected")
                self.samples[prompt] = Sample(
                    prompt, str(event.get("answer", "")), None if expected is None else str(expected),
                    event.get("step"),
                )
                delta.samples = True
            case "trial":
                trial = Trial.model_validate(event.fields)
                self.trials[trial.number] = trial
                delta.trials = True
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
        case "checkpoint":
            return f"checkpoint {event.get('step', '')} verified"
        case "artifact":
            return f"made {event.get('type', '')} {event.get('name', '')}"
        case "error":
            return str(event.get("what", ""))
        case _:
            return ""
