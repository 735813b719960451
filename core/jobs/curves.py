"""The curves of a run from its recorded events; a resumed run's repeated steps count once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from core.jobs.events import Event

#: Engines' names for one thing.
SAME = {"ttft_ms": "first_token_ms"}
MEMORY = "rss_bytes"


@dataclass(frozen=True)
class Point:
    """A value at a step, with its Unix time."""

    step: int
    value: float
    t: float


Curves: TypeAlias = dict[str, list[Point]]


def read(events: Iterable[Event]) -> Curves:
    """Every curve by name; memory of the process tree is one of them, at the step it was sampled in."""
    curves: Curves = {}
    newest = 0
    for event in events:
        if event.ev == "metrics":
            newest = int(event.get("step") or 0)
            for name, value in (event.get("values") or {}).items():
                if isinstance(value, int | float):
                    _add(curves, SAME.get(name, name), Point(newest, float(value), event.t))
        elif event.ev == "resources" and (size := event.get("rss_bytes")):
            _add(curves, MEMORY, Point(newest, float(size), event.t))
    return curves


def _add(curves: Curves, name: str, point: Point) -> None:
    points = curves.setdefault(name, [])
    while points and points[-1].step >= point.step:
        if name == MEMORY and points[-1].step == point.step:  # several samples in a step: the largest counts
            point = Point(point.step, max(point.value, points[-1].value), point.t)
        points.pop()
    points.append(point)
