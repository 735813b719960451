"""What a variant is judged by, the limits that a person sets, and the frontier of two of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from core.models.board.board import Board, Variant

Axis = Literal["right", "time", "first", "speed", "memory", "disk"]
AXES: tuple[Axis, ...] = ("right", "time", "first", "speed", "memory", "disk")


@dataclass(frozen=True)
class Limits:
    """What a model must keep to; None sets no limit.

    Attributes:
        time_ms: Median time of an answer, at most.
        memory_bytes: Memory of a process that serves it, at most.
        disk_bytes: All its files, at most.
        right: Its main figure, at least; of a perplexity at most.
    """

    time_ms: float | None = None
    memory_bytes: float | None = None
    disk_bytes: float | None = None
    right: float | None = None

    @property
    def are_set(self) -> bool:
        """Whether there is any."""
        return any(getattr(self, item.name) is not None for item in fields(self))

    def of(self, axis: Axis) -> float | None:
        """The limit on an axis."""
        limits = {"time": self.time_ms, "memory": self.memory_bytes, "disk": self.disk_bytes}
        return self.right if axis == "right" else limits.get(axis)


LIMITED: tuple[Axis, ...] = ("time", "memory", "disk", "right")


def value(variant: Variant, axis: Axis) -> float | None:
    """A variant's figure on an axis; None where it was not measured. Milliseconds, bytes, tokens a second."""
    figures = variant.figures
    match axis:
        case "right":
            return variant.value
        case "time":
            return variant.time_ms
        case "first":
            return figures.latency_ms.ttft_p50 if figures.latency_ms else None
        case "speed":
            return figures.tokens_per_s
        case "memory":
            return figures.peak_rss_bytes
        case "disk":
            return figures.bytes_on_disk


def less_is_better(board: Board, axis: Axis) -> bool:
    """Whether a smaller figure is the better one."""
    return board.less_is_better if axis == "right" else axis != "speed"


def broken(board: Board, variant: Variant, limits: Limits) -> tuple[Axis, ...]:
    """The limits that a variant does not keep; what was not measured is not known to keep one."""
    found: list[Axis] = []
    for axis in LIMITED:
        limit, own = limits.of(axis), value(variant, axis)
        if limit is None:
            continue
        if own is None or (own > limit if less_is_better(board, axis) else own < limit):
            found.append(axis)
    return tuple(found)


def best(board: Board, axis: Axis) -> frozenset[str]:
    """Ids of the variants with the best figure on an axis; what a few rows say is not held against all."""
    able = [item for item in board.variants if axis != "right" or not item.is_stopped] or board.variants
    known = [(item.id, own) for item in able if (own := value(item, axis)) is not None]
    if len(known) < 2:
        return frozenset()
    top = (min if less_is_better(board, axis) else max)(own for _id, own in known)
    return frozenset(key for key, own in known if own == top)


def frontier(
    points: Sequence[tuple[float, float]], *, less_x: bool = True, less_y: bool = False
) -> list[int]:
    """Places of the points that no other one dominates, from left to right (Pareto).

    A point dominates another when it is as good on both axes and better on one; equal points stand together.

    Args:
        points: One `(x, y)` a variant.
        less_x: Whether less of x is better.
        less_y: Whether less of y is better.
    """
    signed = [(x if less_x else -x, y if less_y else -y) for x, y in points]
    order = sorted(range(len(points)), key=lambda place: signed[place])
    found: list[int] = []
    least = float("inf")
    for place in order:
        x, y = signed[place]
        equals_last = bool(found) and signed[found[-1]] == (x, y)
        if y < least or equals_last:
            found.append(place)
            least = y
    return sorted(found, key=lambda place: points[place])
