"""How far a run is, worked out from its events; plain Python, so that a recording tests it."""

from __future__ import annotations

import collections
import time

from core.jobs.events import Event

_WINDOW_S = 45.0
_MIN_SPAN_S = 2.0


class RunProgress:
    """Phase, share and time left of a run.

    Attributes:
        state: The run's state as last heard.
        phase: Short key of the stretch of work, such as `training`.
        unit: What `done` counts.
        done: Units finished in this phase.
        total: Units of this phase, or None while not known.
        reached: How far the last phase came that could be counted: unit, done, total; where a run ended.
    """

    def __init__(self) -> None:
        self.state = "queued"
        self.phase = ""
        self.unit = ""
        self.done = 0
        self.total: int | None = None
        self.reached: tuple[str, int, int] | None = None
        self._points: collections.deque[tuple[float, int]] = collections.deque()
        self._told: tuple[float, float] | None = None

    def take(self, event: Event) -> None:
        """Takes one event of the run into account."""
        if event.ev == "state":
            self.state = str(event.get("state", self.state))
            if self.state == "starting":
                self._begin("", None, "")
        elif event.ev == "phase":
            self._begin(str(event.get("name", "")), event.get("total"), str(event.get("unit", "")))
            self.done = int(event.get("done") or 0)
            self._note_reached()
        elif event.ev == "progress":
            self.done = int(event.get("done") or 0)
            total = event.get("total")
            self.total = int(total) if total else self.total
            self._note_reached()
            told = event.get("left_s")
            self._told = (event.t, float(told)) if isinstance(told, int | float) else None
            self._points.append((event.t, self.done))
            while self._points and event.t - self._points[0][0] > _WINDOW_S:
                self._points.popleft()

    def _begin(self, phase: str, total: object, unit: str) -> None:
        self.phase, self.unit, self.done = phase, unit, 0
        self.total = int(total) if isinstance(total, int | float) and total else None
        self._points.clear()
        self._told = None

    def _note_reached(self) -> None:
        if self.total:
            self.reached = self.unit, self.done, self.total

    @property
    def fraction(self) -> float | None:
        """Share of the phase that is done, or None while its end is not known."""
        return min(self.done / self.total, 1.0) if self.total else None

    def left_s(self, now: float | None = None) -> float | None:
        """Seconds the phase still needs: as the job says, or at the pace of the last 45 seconds."""
        now = time.time() if now is None else now
        if self._told is not None:
            said_t, said = self._told
            return max(0.0, said - max(0.0, now - said_t))
        if not self.total or len(self._points) < 2:
            return None
        (first_t, first), (last_t, last) = self._points[0], self._points[-1]
        if last_t - first_t < _MIN_SPAN_S or last <= first:
            return None
        whole = (self.total - last) * (last_t - first_t) / (last - first)
        return max(0.0, whole - max(0.0, now - last_t))
