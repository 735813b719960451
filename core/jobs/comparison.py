"""Several runs side by side: what they were told differently, and what came of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InputError
from core.jobs import curves, run_folder
from core.jobs.curves import Curves
from core.jobs.registry import KINDS
from core.workspace.records import Run
from core.workspace.workspace import Workspace

MOST_RUNS = 8
_RECENT = 20
_INPUTS = frozenset({"model", "data"})


@dataclass(frozen=True)
class Difference:
    """A field of the spec that is not the same in all runs.

    Attributes:
        field: Its name.
        label: What a form calls it.
        values: Its value in each run, None where it is empty or the run has no such field.
    """

    field: str
    label: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Figures:
    """What came of a run; None where it measured no such thing. Losses are means a token."""

    steps: int | None
    best_validation_loss: float | None
    best_step: int | None
    validation_loss: float | None
    train_loss: float | None
    tokens_per_s: float | None
    peak_rss_bytes: int | None
    seconds: float | None


@dataclass(frozen=True)
class Comparison:
    """Runs in the order asked for, each with its curves and figures."""

    runs: tuple[Run, ...]
    curves: tuple[Curves, ...]
    differences: tuple[Difference, ...]
    figures: tuple[Figures, ...]


def compare(workspace: Workspace, refs: Sequence[str]) -> Comparison:
    """Reads and compares runs.

    Args:
        workspace: Where they live.
        refs: Ids or names; one named twice counts once.

    Raises:
        InputError: Fewer than two runs, more than eight, or an unknown one.
    """
    runs = tuple({run.id: run for run in (workspace.store.run(ref) for ref in refs)}.values())
    if not 2 <= len(runs) <= MOST_RUNS:
        raise InputError(
            f"{len(runs)} run{'' if len(runs) == 1 else 's'} cannot be compared.",
            why=f"A comparison shows two to {MOST_RUNS} different runs.",
            fix="`slm-workbench runs list` shows what there is.",
            code="runs.count",
        )
    read = tuple(curves.read(run_folder.replay(workspace.run_folder(run.id))) for run in runs)
    figures = tuple(figures_of(run, found) for run, found in zip(runs, read, strict=True))
    return Comparison(runs, read, differences(workspace, runs), figures)


def differences(workspace: Workspace, runs: Sequence[Run]) -> tuple[Difference, ...]:
    """The fields that differ, in the order of the spec.

    A field left out counts as its default, and one left open as what the run decided.
    """
    specs = [_whole(run) for run in runs]
    specs = [
        {**spec, **run_folder.decided(workspace.run_folder(run.id), spec)}
        for run, spec in zip(runs, specs, strict=True)
    ]
    found = []
    for field in dict.fromkeys(name for spec in specs for name in spec):
        values = tuple(spec.get(field) for spec in specs)
        if any(value != values[0] for value in values):
            shown = tuple(_name(workspace, value) if field in _INPUTS else value for value in values)
            found.append(Difference(field, _label(runs, field), shown))
    return tuple(found)


def figures_of(run: Run, found: Curves) -> Figures:
    """The final figures of a run."""
    validation = [(p.value, p.step) for p in found.get("validation_loss", ()) if math.isfinite(p.value)]
    best = min(validation, default=None)
    losses = _finite(found, "loss")
    speeds = _finite(found, "tokens_per_s")
    memory = _finite(found, curves.MEMORY)
    steps = run.result.get("steps") or max((p.step for p in found.get("loss", ())), default=None)
    took = run.worked_s()
    return Figures(
        steps=int(steps) if isinstance(steps, int | float) else None,
        best_validation_loss=best[0] if best else None,
        best_step=best[1] if best else None,
        validation_loss=validation[-1][0] if validation else None,
        train_loss=statistics.fmean(losses[-_RECENT:]) if losses else None,
        tokens_per_s=statistics.median(speeds) if speeds else None,
        peak_rss_bytes=int(max(memory)) if memory else None,
        seconds=took,
    )


def _finite(found: Curves, name: str) -> list[float]:
    return [point.value for point in found.get(name, ()) if math.isfinite(point.value)]


def _whole(run: Run) -> dict[str, Any]:
    """A run's spec with the defaults of fields that it does not name, in the order of the spec's class."""
    if run.kind not in KINDS:
        return run.spec
    fields = KINDS[run.kind].spec.model_fields
    known = {
        name: run.spec[name] if name in run.spec else (None if info.is_required() else info.default)
        for name, info in fields.items()
    }
    return {**known, **{name: value for name, value in run.spec.items() if name not in known}}


def _label(runs: Sequence[Run], field: str) -> str:
    for run in runs:
        info = KINDS[run.kind].spec.model_fields.get(field) if run.kind in KINDS else None
        if info is not None and info.title:
            return info.title
    return field


def _name(workspace: Workspace, artifact_id: Any) -> Any:
    found = workspace.store.find_artifact(artifact_id) if isinstance(artifact_id, str) else None
    return found.name if found is not None else artifact_id
