"""One question of a receipt and its answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["green", "amber", "red"]
WORST: tuple[Status, ...] = ("green", "amber", "red")


class Check(BaseModel):
    """What was looked at, and what was found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Status
    text: str


def check(name: str, good: bool, text: str, fault: str) -> Check:
    """Green with `text`, or red with `fault`."""
    return Check(name=name, status="green" if good else "red", text=text if good else fault)
