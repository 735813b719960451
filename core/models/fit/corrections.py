"""What earlier runs on a machine say of the formula."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.models.fit.memory import LIBRARIES_BYTES

_RUNS = 5
_ACTIVATIONS, _SECONDS, _LIBRARIES = (0.4, 3.0), (0.2, 5.0), (0.3e9, 3e9)


@dataclass(frozen=True)
class Observation:
    """One earlier run or dry run: measured over predicted, None where it says nothing.

    Attributes:
        run: Its id.
        libraries: Memory before the model, in bytes.
        activations: Measured over predicted activations.
        seconds: Measured over predicted time of a step.
        watts: Electricity of the whole computer while it trained.
        bf16: Whether it ran in bf16.
        chosen: Whether the number format was left to the program.
    """

    run: str
    libraries: float | None = None
    activations: float | None = None
    seconds: float | None = None
    watts: float | None = None
    bf16: bool = False
    chosen: bool = False


@dataclass(frozen=True)
class Corrections:
    """Factors for the formula, with what they come from.

    Attributes:
        libraries: Memory before the model, in bytes.
        activations: Factor for activations and logits.
        seconds: Factor for the time of a step.
        watts: Measured electricity, or None.
        bf16: What `auto` decided here, or None when it has not.
        runs: How many earlier runs of this kind the factors come from.
    """

    libraries: float = LIBRARIES_BYTES
    activations: float = 1.0
    seconds: float = 1.0
    watts: float | None = None
    bf16: bool | None = None
    runs: int = 0

    @property
    def timed(self) -> bool:
        """Whether the time comes from a run of this kind here."""
        return self.runs > 0


def of(alike: Sequence[Observation], here: Sequence[Observation] = ()) -> Corrections:
    """The median of the last five, within bounds, so that one odd run moves little.

    Args:
        alike: Runs of the same architecture, method and number format on this machine, newest first.
        here: All runs on this machine, newest first.
    """
    decided = [item.bf16 for item in here if item.chosen]
    return Corrections(
        libraries=_median([item.libraries for item in here], LIBRARIES_BYTES, _LIBRARIES),
        activations=_median([item.activations for item in alike], 1.0, _ACTIVATIONS),
        seconds=_median([item.seconds for item in alike], 1.0, _SECONDS),
        watts=_median([item.watts for item in here], 0.0, (1.0, 10_000.0)) or None,
        bf16=decided[0] if decided else None,
        runs=len(alike[:_RUNS]),
    )


def _median(values: Sequence[float | None], default: float, bounds: tuple[float, float]) -> float:
    known = [value for value in values if value is not None][:_RUNS]
    return min(max(statistics.median(known), bounds[0]), bounds[1]) if known else default
