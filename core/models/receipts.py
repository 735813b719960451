"""What a receipt says, read from its file alone, for the window and the commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeGuard

from core.models import records

Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class CheckItem:
    """One check and what it found."""

    name: str
    status: Colour
    text: str


@dataclass(frozen=True)
class ReceiptItem:
    """A receipt as it is shown.

    Attributes:
        status: The worst of its checks.
        recipe: What the model is said to be, such as `int4`, `merge` or `prune`.
        checks: What was looked at; empty where the file cannot be read.
        reasons: Why it is not green, as the file says it.
        agreement: Share of places at which it expects the same token as its source.
        adapters: The same share of every adapter that it serves.
    """

    status: Colour
    recipe: str = ""
    checks: tuple[CheckItem, ...] = ()
    reasons: tuple[str, ...] = ()
    agreement: float | None = None
    adapters: tuple[tuple[str, float], ...] = ()

    @property
    def faults(self) -> tuple[CheckItem, ...]:
        """The checks that are not green."""
        return tuple(item for item in self.checks if item.status != "green")

    @property
    def is_untaught(self) -> bool:
        """Whether all that is to be said is that a cut model has not learnt since."""
        return bool(self.faults) and all(
            item.name == records.TAUGHT and item.status == "amber" for item in self.faults
        )


def is_colour(value: object) -> TypeGuard[Colour]:
    """Whether it is one of the three."""
    return value in ("green", "amber", "red")


def read(folder: Path) -> ReceiptItem | None:
    """The receipt of a model, or None when it has none. One that cannot be read is red."""
    status = records.receipt_status(folder)
    if status is None:
        return None
    try:
        said = records.read_json(folder / records.RECEIPT)
    except (OSError, ValueError):
        return ReceiptItem("red", reasons=records.refusal(folder))
    adapters, reasons = said.get("adapters"), said.get("reasons")
    shares = {
        str(name): _share(figures.get("agreement"))
        for name, figures in (adapters.items() if isinstance(adapters, dict) else ())
        if isinstance(figures, dict)
    }
    return ReceiptItem(
        status,
        str(said.get("recipe") or ""),
        tuple(_checks(said.get("checks"))),
        tuple(map(str, reasons)) if isinstance(reasons, list) else records.refusal(folder),
        _share(said.get("agreement")),
        tuple((name, share) for name, share in shares.items() if share is not None),
    )


def _checks(said: Any) -> list[CheckItem]:
    found = []
    for item in _listed(said):
        status = item.get("status") if isinstance(item, dict) else None
        if is_colour(status):
            found.append(CheckItem(str(item.get("name", "")), status, str(item.get("text", ""))))
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _share(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 1 else None
