"""Some of many, evenly spread over them: files are often sorted by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly(items: Sequence[T], most: int | None) -> list[T]:
    """At most so many of the items, in their order; None takes all."""
    if most is None or most >= len(items):
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]
