"""Runs and artifacts as frozen records, the only form in which they leave the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal[
    "queued", "starting", "running", "stopping", "succeeded", "stopped", "cancelled", "failed", "crashed"
]
ACTIVE: frozenset[str] = frozenset({"starting", "running", "stopping"})
ENDED: frozenset[str] = frozenset({"succeeded", "stopped", "cancelled", "failed", "crashed"})
RESUMABLE: frozenset[str] = frozenset({"stopped", "cancelled", "failed", "crashed"})


@dataclass(frozen=True)
class Run:
    """One execution of a spec. Times are Unix seconds."""

    number: int
    id: str
    kind: str
    name: str
    spec: dict[str, Any]
    state: State
    resumed: bool
    created_at: float
    started_at: float | None
    ended_at: float | None
    earlier_s: float = 0.0
    error: dict[str, str] | None = None
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether a process works on it, as far as the store knows."""
        return self.state in ACTIVE

    @property
    def is_open(self) -> bool:
        """Whether it waits for its turn or works."""
        return self.state == "queued" or self.is_active

    def worked_s(self, now: float | None = None) -> float | None:
        """Seconds it has worked, interruptions left out; None before its first start.

        Args:
            now: For a run that has not ended: the time now. Without it such a run has no duration yet.
        """
        until = self.ended_at or now
        if self.started_at is None or until is None:
            return self.earlier_s or None
        return self.earlier_s + until - self.started_at

    @property
    def began_at(self) -> float | None:
        """Its first start; of a resumed run, whose first one is not kept, when it was asked for."""
        return self.created_at if self.resumed else self.started_at

    @property
    def kept_nothing(self) -> bool:
        """Whether a stop came before there was anything to keep."""
        return self.state == "stopped" and self.error is not None

    @property
    def can_resume(self) -> bool:
        """Whether it can go on under the same id."""
        return self.state in RESUMABLE


@dataclass(frozen=True)
class Artifact:
    """What a run left: immutable, checked by its manifest."""

    id: str
    type: str
    name: str
    digest: str
    bytes: int
    created_at: float
    run_id: str
    meta: dict[str, Any] = field(default_factory=dict)
