"""Will it fit: the need of one training against this machine, as every front end shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.models.fit import asking, experience, machine, suggestions
from core.models.fit.corrections import Corrections
from core.models.fit.experience import Case, RowsOf
from core.models.fit.machine import Machine
from core.models.fit.need import Need, predict
from core.models.fit.suggestions import Suggestion
from core.specs import DistillSpec, TrainingSpec
from core.workspace.workspace import Workspace

Verdict = Literal["fits", "tight", "no"]
_TIGHT_ABOVE = 0.85
#: Beyond this share of what is free a run is refused unless the person insists; the formula errs by a tenth.
_CLEARLY = 1.1


@dataclass(frozen=True)
class Forecast:
    """What a training needs, what this machine has, and what would help."""

    need: Need
    machine: Machine
    corrections: Corrections
    suggestions: tuple[Suggestion, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the memory suffices."""
        return verdict(self.need.memory.total, self.machine.memory_free)

    @property
    def is_refused(self) -> bool:
        """Whether it needs clearly more memory than is free."""
        return self.need.memory.total > _CLEARLY * self.machine.memory_free

    @property
    def disk_verdict(self) -> Verdict | None:
        """Whether the checkpoints and the result have room; None where nobody knows how much is free."""
        free = self.machine.disk_free
        return None if free is None else verdict(self.need.disk, free)

    @property
    def has_disk(self) -> bool:
        """Whether nothing speaks against it, tight or not."""
        return self.disk_verdict != "no"


def verdict(needed: float, free: float) -> Verdict:
    """Whether memory or disk suffices: `tight` from 85 % of what is free on."""
    if needed > free:
        return "no"
    return "tight" if needed > _TIGHT_ABOVE * free else "fits"


def forecast(of: Case, here: Machine, known: Corrections) -> Forecast:
    """The need, and suggestions where it does not fit. Fast: a millisecond or two."""

    def needed(spec: TrainingSpec) -> Need:
        alone = predict(spec, of.shape, of.rows, here, known)
        if not isinstance(spec, DistillSpec):
            return alone
        return asking.with_teachers(alone, spec, of.teachers, of.rows, here, known.seconds)

    need = needed(of.spec)
    helpful = (
        suggestions.suggest(of.spec, of.rows, here, needed, need)
        if verdict(need.memory.total, here.memory_free) == "no"
        else ()
    )
    return Forecast(need, here, known, helpful)


def look(workspace: Workspace, spec: TrainingSpec, rows_of: RowsOf) -> Forecast:
    """Reads everything and forecasts.

    Raises:
        WorkbenchError: The model or the data is not there.
    """
    of = experience.case(workspace, spec, rows_of)
    here = machine.this(workspace.root, spec.threads)
    return forecast(of, here, experience.read(workspace, of, here, rows_of))


def as_data(said: Forecast) -> dict[str, Any]:
    """The forecast as `--json` and a run's result show it."""
    need = said.need
    return {
        "verdict": said.verdict,
        "memory_bytes": {**need.memory.shown(), "total": need.memory.total},
        "memory_free_bytes": said.machine.memory_free,
        "seconds": {**asdict(need.seconds), "total": need.seconds.total},
        "steps": need.plan.steps,
        "epochs_for_limit": need.plan.epochs_for_limit,
        "disk_bytes": {"result": need.result, "checkpoint": need.checkpoint, "total": need.disk},
        "disk_free_bytes": said.machine.disk_free,
        "disk_verdict": said.disk_verdict,
        "energy_wh": need.energy_wh,
        "energy_measured": need.energy_measured,
        "method": need.method,
        "precision": "bf16" if need.bf16 else "fp32",
        "gradient_checkpointing": need.checkpointing,
        "corrected_by_runs": said.corrections.runs,
        "suggestions": [
            {
                "changes": item.changes,
                "memory_bytes": item.need.memory.total,
                "seconds": item.need.seconds.total,
                "rows_cut": item.rows_cut,
            }
            for item in said.suggestions
        ],
    }
