"""What would make a training fit: single changes, else several together, each tried with the formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.models.fit.machine import Machine
from core.models.fit.need import Need
from core.models.fit.rows import RowSizes
from core.specs import TrainingSpec

_MOST = 4
_LEAST_TOKENS, _LEAST_RANK, _LEAST_LENGTH = 64, 4, 32
#: Shares of the rows that a shorter limit leaves whole.
_WHOLE = (0.99, 0.95, 0.9, 0.75, 0.5)
#: How much of the free memory a suggestion may fill; the rest is for what a formula cannot know.
ROOM = 0.95
Predict = Callable[[TrainingSpec], Need]


@dataclass(frozen=True)
class Suggestion:
    """A change of fields and what it leads to.

    Attributes:
        changes: Field names and their new values.
        need: What the training needs then.
        rows_cut: Share of the rows that would lose their beginning.
    """

    changes: dict[str, Any]
    need: Need
    rows_cut: float


def suggest(
    spec: TrainingSpec, rows: RowSizes, machine: Machine, predict: Predict, before: Need
) -> tuple[Suggestion, ...]:
    """Changes that make it fit by the formula, the gentlest first; empty when nothing helps."""
    room = ROOM * machine.memory_free

    def tried(changes: dict[str, Any]) -> Suggestion | None:
        need = predict(spec.model_copy(update=changes))
        if need.memory.total > room:
            return None
        more_cut = need.steps.cut > before.steps.cut
        return Suggestion(changes, need, need.steps.cut if more_cut else 0.0)

    found: list[Suggestion] = []
    ways = list(_ways(spec, rows, machine, before))
    for way in ways:
        first = next(filter(None, map(tried, way)), None)
        if first is not None and first.changes not in [item.changes for item in found]:
            found.append(first)
    if found:
        return tuple(found[:_MOST])
    together: dict[str, Any] = {}
    for way in ways:  # nothing helps alone: ever more of them together, each at its strongest
        together = {**together, **way[-1]}
        if (both := tried(together)) is not None:
            return (both,)
    return ()


def _ways(
    spec: TrainingSpec, rows: RowSizes, machine: Machine, before: Need
) -> Iterator[list[dict[str, Any]]]:
    """Kinds of change, each from its weakest to its strongest."""
    tokens = list(_halves(spec.tokens_at_once, _LEAST_TOKENS))
    if tokens:
        yield [{"tokens_at_once": value} for value in tokens]
    if not before.checkpointing:
        yield [{"gradient_checkpointing": "on"}]
    if not before.bf16 and machine.fast_bf16:
        yield [{"precision": "bf16"}]
    if spec.method == "full":
        yield [{"method": "lora"}]
    lengths = [value for share in _WHOLE if (value := _quantile(rows, share)) < before.steps.longest_row]
    if lengths:
        yield [{"max_length": max(value, _LEAST_LENGTH)} for value in lengths]
    ranks = list(_halves(spec.lora_rank, _LEAST_RANK)) if spec.method not in ("full", "ia3") else []
    if ranks:
        yield [{"lora_rank": value, "lora_alpha": 2 * value} for value in ranks]


def _halves(value: int, least: int) -> Iterator[int]:
    while value // 2 >= least:
        value //= 2
        yield value


def _quantile(rows: RowSizes, share: float) -> int:
    return rows.lengths[min(len(rows.lengths) - 1, int(share * len(rows.lengths)))] if rows.lengths else 0
