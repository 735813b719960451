"""How near a student came to its teacher, and what helps where that is not near enough to go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.specs import DistillSpec
from core.specs.training import MOST_EPOCHS

#: Of what its teacher gets right, a student of use keeps more, place by place: those of the demo keep 0.98
#: and more after half of their steps, and a label is several places long.
ENOUGH = 0.9
_LONGER = 2


@dataclass(frozen=True)
class Nearness:
    """A student beside its teacher, at the places of the validation rows' answers.

    Attributes:
        agreement: Share of places at which it would say the same.
        retention: What it gets right for each place that the teacher gets right; None where that is none.
        ended_early: Whether it learnt until it got no better, so that learning longer cannot help.
        is_stopped: Whether a person ended it before it had seen all.
    """

    agreement: float
    retention: float | None
    ended_early: bool
    is_stopped: bool

    @property
    def is_far(self) -> bool:
        """Whether it should learn again before anything else is done with it."""
        return (self.agreement if self.retention is None else self.retention) < ENOUGH


def of_result(kind: str, state: str, result: Mapping[str, Any]) -> Nearness | None:
    """How near a run's student came; None where it taught none, or had no rows to look at."""
    agreement, retention = result.get("teacher_agreement"), result.get("teacher_retention")
    if kind != DistillSpec.kind or not isinstance(agreement, int | float):
        return None
    return Nearness(
        float(agreement),
        float(retention) if isinstance(retention, int | float) else None,
        ended_early=bool(result.get("ended_early")),
        is_stopped=state == "stopped",
    )


def longer(spec: Mapping[str, Any]) -> dict[str, float]:
    """The settings with which the same run learns twice as long."""
    epochs = float(spec.get("epochs") or DistillSpec.model_fields["epochs"].default)
    found = {"epochs": min(epochs * _LONGER, float(MOST_EPOCHS))}
    if limit := spec.get("max_steps"):
        found["max_steps"] = int(limit) * _LONGER
    return found


def sentence(found: Nearness) -> str:
    """`It is far from its teacher: …`, in English; the window says the same in its own languages."""
    kept = (
        ""
        if found.retention is None
        else f", and gets right {found.retention:.0%} of what its teacher gets right"
    )
    return (
        f"It is still far from its teacher: on the validation rows it says the same at {found.agreement:.0%} "
        f"of the places in the answers{kept}."
    )
