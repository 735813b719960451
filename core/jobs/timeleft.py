"""How long a phase still takes, from how it went so far."""

from __future__ import annotations

from core.jobs.events import Event

_MIN_ELAPSED_S = 1.0
_RECENT_WEIGHT = 0.1
_NEARLY = 0.95


class TimeLeft:
    """Follows a run's events; the pace is smoothed so that one slow step does not make the figure jump."""

    def __init__(self) -> None:
        self.phase = ""
        self.unit = ""
        self.done = 0
        self.total: int | None = None
        self._began = 0.0
        self._last: tuple[float, int] | None = None
        self._pace_s: float | None = None
        self._told: float | None = None

    def take(self, event: Event) -> None:
        """Looks at one event; all but `phase` and `progress` are ignored."""
        if event.ev == "phase":
            self.phase, self.unit = str(event.get("name", "")), str(event.get("unit") or "")
            self.done, self.total = int(event.get("done") or 0), event.get("total")
            self._began, self._last, self._pace_s = event.t, (event.t, self.done), None
            self._told = None
        elif event.ev == "progress":
            self.done, self.total = int(event.get("done") or 0), event.get("total", self.total)
            self._measure(event.t)
            self._told = event.get("left_s")

    def _measure(self, now: float) -> None:
        if self._last is None:
            self._last = (now, self.done)
            return
        then, done = self._last
        if self.done < done:  # a new count within the phase
            self._began, self._last, self._pace_s = now, (now, self.done), None
        elif self.done > done:
            pace = (now - then) / (self.done - done)
            old = self._pace_s
            self._pace_s = pace if old is None else old + _RECENT_WEIGHT * (pace - old)
            self._last = (now, self.done)

    def seconds(self) -> float | None:
        """Seconds left in this phase, as the job says or by its pace; None while nothing tells."""
        if self._told is not None:
            return float(self._told)
        if self.total is None or self._pace_s is None or self._last is None:
            return None
        if self._last[0] - self._began < _MIN_ELAPSED_S and self.done < self.total:
            return None
        return max(0.0, (self.total - self.done) * self._pace_s)


def say_left(seconds: float, share: float) -> str:
    """The time left; never none of it while the work goes on.

    Args:
        seconds: What is left as far as known.
        share: How much of the phase is done, from 0 to 1.
    """
    if round(seconds) >= 1:
        return f"{say_duration(seconds)} left"
    return "finishing" if share >= _NEARLY else "longer than expected"


def say_duration(seconds: float) -> str:
    """`about` is left to the caller: 8 s, 1 min 32 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
