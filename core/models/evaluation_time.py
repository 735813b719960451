"""How long measuring models will take, from the pace at which earlier evaluations here went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.models.fit import machine
from core.specs import EvaluateSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

#: General questions and texts that each model is asked where that is wanted.
GENERAL = 88
#: Models further apart in size than this factor have no pace in common.
_LIKE_SIZE = 1.5
_DEEPEST = 8


@dataclass(frozen=True)
class Measurement:
    """A model as an earlier evaluation measured it.

    Attributes:
        model: Its id.
        data: Id of the data whose rows it answered.
        kind: Its format: each has a runtime of its own.
        bytes: All its files, those of a base included.
        parts: Answers that it gave in all.
        seconds: How long that took, with loading.
    """

    model: str
    data: str
    kind: str
    bytes: int
    parts: int
    seconds: float


@dataclass(frozen=True)
class Measured:
    """A model that is to be measured; `model`, `kind` and `bytes` are as in `Measurement`."""

    model: str
    kind: str
    bytes: int


class EvaluationTimes:
    """The evaluations of a workspace, newest first, read once.

    Args:
        workspace: Where they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: Sequence[Measurement] | None = None

    def seconds(self, spec: EvaluateSpec, rows: int) -> float | None:
        """About how long it takes without a judge and harness tasks; None where a model's pace is not known.

        Args:
            spec: What is measured.
            rows: Rows that each model answers.
        """
        parts = parts_of(rows, spec.latency_prompts, spec.repeats, general=spec.general)
        told = [self._seconds_of(self._sized(model), spec.data, parts) for model in spec.models]
        known = [seconds for seconds in told if seconds is not None]
        return sum(known) if len(known) == len(told) else None

    def _seconds_of(self, model: Measured, data: str, parts: int) -> float | None:
        """By the newest measurement that is nearest: of the model itself before one of its size."""
        if self._known is None:
            runs = self._workspace.store.runs(EvaluateSpec.kind)
            self._known = [item for run in runs for item in _measurements(run)]
        alike = [item for item in self._known if item.model == model.model or _is_alike(item, model)]
        if not alike:
            return None
        best = min(alike, key=lambda item: (item.model != model.model, item.data != data))
        size = 1.0 if best.model == model.model else model.bytes / best.bytes
        return best.seconds * size * parts / best.parts

    def _sized(self, ref: str) -> Measured:
        """Format and size; of an adapter with its base."""
        found = self._workspace.store.find_artifact(ref.partition(":")[0], "model")
        kind, size = "", 0
        for _ in range(_DEEPEST):
            if found is None:
                break
            kind, size = kind or str(found.meta.get("format") or ""), size + found.bytes
            base = found.meta.get("base")
            found = self._workspace.store.find_artifact(base, "model") if isinstance(base, str) else None
        return Measured(ref, kind, size)


def parts_of(rows: int, timed: int, repeats: int, *, general: bool) -> int:
    """Answers that a model gives: to the rows, to those that are timed, and to general questions."""
    return rows + min(timed, rows) * repeats + (GENERAL if general else 0)


def _is_alike(item: Measurement, model: Measured) -> bool:
    within = item.bytes / _LIKE_SIZE <= model.bytes <= item.bytes * _LIKE_SIZE
    return item.kind == model.kind and within


def _measurements(run: Run) -> Iterable[Measurement]:
    """What a finished evaluation of this computer says; one of an earlier version does not name it."""
    report = run.result
    if run.state != "succeeded" or not report.get("complete"):
        return
    where = report.get("machine")  # the worker's word for this computer, as in every run's result
    if isinstance(where, str) and where != machine.key():
        return
    for item in report.get("models") or ():
        timing: dict[str, Any] = item.get("timing") or {}
        parts = parts_of(
            int(item["quality"]["n"]),
            int(timing.get("prompts") or 0),
            int(timing.get("repeats") or 0),
            general=bool(item.get("general")),
        )
        size, seconds = int(item["bytes_on_disk"]), float(item["seconds"])
        if parts and size and seconds:
            yield Measurement(
                str(item["id"]), str(run.spec.get("data")), str(item["kind"]), size, parts, seconds
            )
