"""What earlier runs say about how long the next one takes."""

from __future__ import annotations

import statistics

from core.workspace.records import Run
from core.workspace.store import Store

_RUNS = 5
#: Fields of a spec that decide how long a job of unknown length takes; others differ freely.
_ALIKE = ("recipe", "source", "minutes", "trials")


def usual_seconds(store: Store, run: Run) -> float | None:
    """Median duration of up to five finished runs like this one, or None where there is none.

    For jobs whose phases cannot be counted, such as building a quantized model.
    """
    took = [
        other.ended_at - other.started_at
        for other in store.runs()
        if other.kind == run.kind
        and other.state == "succeeded"
        and not other.resumed
        and other.started_at
        and other.ended_at
        and all(other.spec.get(field) == run.spec.get(field) for field in _ALIKE)
    ]
    return statistics.median(took[:_RUNS]) if took else None
