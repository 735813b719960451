"""A receipt as it is shown: its colour, its reasons, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.models import records

Status = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Look:
    """One question of a receipt and its answer."""

    name: str
    status: str
    text: str


@dataclass(frozen=True)
class Said:
    """What a receipt says.

    Attributes:
        status: Green may be used, amber too with its reasons in mind, red only by a person's decision.
        reasons: Why it is not green.
        looks: All that was looked at, in order.
    """

    status: Status
    reasons: tuple[str, ...]
    looks: tuple[Look, ...]


def read(folder: Path) -> Said | None:
    """The receipt in a folder, or None where there is none; one that cannot be read is red."""
    status = records.receipt_status(folder)
    if status is None:
        return None
    try:
        told = records.read_json(folder / records.RECEIPT)
    except (OSError, ValueError):
        return Said("red", ("Its receipt cannot be read.",), ())
    reasons, checks = told.get("reasons"), told.get("checks")
    return Said(
        status,
        tuple(map(str, reasons)) if isinstance(reasons, list) else records.refusal(folder),
        tuple(
            Look(str(item.get("name", "")), str(item.get("status", "")), str(item.get("text", "")))
            for item in (checks if isinstance(checks, list) else ())
            if isinstance(item, dict)
        ),
    )
