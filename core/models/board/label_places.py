"""Where the names of points stand, such that none covers another one, or a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_GAP = 3.0


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any place."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def lies_in(self, other: Box) -> bool:
        """Whether all of it is inside the other."""
        return (
            self.x >= other.x
            and self.y >= other.y
            and self.x + self.width <= other.x + other.width
            and self.y + self.height <= other.y + other.height
        )


def places(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    order: Sequence[int],
    area: Box,
    radius: float,
    lines: Sequence[Box] = (),
) -> list[Box | None]:
    """A free place beside each point, or None where there is none; those first in `order` choose first.

    Args:
        points: Centres in pixels, y downwards.
        sizes: Width and height of each name.
        order: Places of the points, the most important first.
        area: Where names may stand.
        radius: Of a point's mark.
        lines: What a name should rather not cover; it does where nothing else is free.
    """
    taken = [Box(x - radius, y - radius, 2 * radius, 2 * radius) for x, y in points]
    found: list[Box | None] = [None] * len(points)
    for place in order:
        free = [
            box
            for box in _around(points[place], sizes[place], radius + _GAP)
            if box.lies_in(area) and not any(box.meets(other) for other in taken)
        ]
        clear = [box for box in free if not any(box.meets(line) for line in lines)]
        found[place] = next(iter(clear or free), None)
        taken += filter(None, [found[place]])
    return found


def along(points: Sequence[tuple[float, float]], gap: float) -> list[Box]:
    """A broken line as small boxes, so that names keep away from it."""
    boxes = []
    for (x, y), (next_x, next_y) in pairwise(points):
        steps = max(1, round(math.hypot(next_x - x, next_y - y) / gap))
        for step in range(steps + 1):
            share = step / steps
            boxes.append(Box(x + (next_x - x) * share - 1, y + (next_y - y) * share - 1, 2, 2))
    return boxes


def _around(point: tuple[float, float], size: tuple[float, float], distance: float) -> list[Box]:
    """Below, above, beside, then at the corners."""
    (x, y), (width, height) = point, size
    middle_x, middle_y = x - width / 2, y - height / 2
    right, left, below, above = x + distance, x - distance - width, y + distance, y - distance - height
    return [
        Box(middle_x, below, width, height),
        Box(middle_x, above, width, height),
        Box(right, middle_y, width, height),
        Box(left, middle_y, width, height),
        Box(right, below - distance / 2, width, height),
        Box(left, below - distance / 2, width, height),
        Box(right, above + distance / 2, width, height),
        Box(left, above + distance / 2, width, height),
        Box(x, below, width, height),
        Box(x - width, below, width, height),
        Box(x, above, width, height),
        Box(x - width, above, width, height),
    ]
