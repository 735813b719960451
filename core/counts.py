"""Numbers of things as people write them."""

from __future__ import annotations


def counted(count: int, what: str = "row") -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
