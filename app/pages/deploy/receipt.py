"""What an exported model's receipt says about using it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.models import records


@dataclass(frozen=True)
class Verdict:
    """Whether a model may be used, and what is to be said about it.

    Attributes:
        is_refused: Whether its receipt is red.
        reasons: Why it is refused, or what to know when it is not as good as its source.
    """

    is_refused: bool = False
    reasons: tuple[str, ...] = ()


def verdict(folder: Path) -> Verdict:
    """Reads the receipt of a model folder; one without a receipt may be used."""
    status = records.receipt_status(folder)
    if status in (None, "green"):
        return Verdict()
    try:
        said = records.read_json(folder / records.RECEIPT).get("reasons")
    except (OSError, ValueError):
        said = ["its receipt cannot be read"]
    reasons = tuple(str(text) for text in said) if isinstance(said, list) else ()
    return Verdict(status == "red", reasons)
