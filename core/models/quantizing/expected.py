"""How long an export will take and how near it will stay to its source, told before it is made.

Earlier exports of the workspace say it best: their runs how long it takes on this computer, their receipts
what such a model keeps. Where there are none, what was `measured` once is scaled to the model.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from core.models.fit import machine
from core.models.quantizing import measured
from core.models.quantizing.measured import Kept
from core.models.quantizing.recipes import RECIPES
from core.specs import QuantizeSpec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_RUNS = 5
_DEEPEST = 12
#: One odd run must not say that an hour is a second.
_FACTOR = (0.1, 10.0)
#: Exports of sizes further apart than this share are not alike: of models, and of searches.
_SAME_SIZE = 0.05


@dataclass(frozen=True)
class Expected:
    """What an export will take and keep.

    Attributes:
        seconds: About how long the whole job takes.
        runs: Earlier exports by the same recipe here that the time comes from.
        here: Whether any earlier export here has corrected it.
        kept: How near it stays to its source; None where nobody has measured such rounding.
    """

    seconds: float
    runs: int
    here: bool
    kept: Kept | None


@dataclass(frozen=True)
class Earlier:
    """An export that was made in this workspace.

    Attributes:
        spec: As it was told.
        name: What it is called.
        parameters: Of the model, or of the base of an add-on.
        seconds: How long it took on this computer; None where it was made on another, or in several tries.
        agreement: What its receipt says of the next token.
        kl: What its receipt says of the divergence.
    """

    spec: QuantizeSpec
    name: str
    parameters: int
    seconds: float | None
    agreement: float | None
    kl: float | None


class Experience:
    """The exports of a workspace, newest first, read once.

    Args:
        workspace: Where they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lineages: dict[str, frozenset[str]] = {}

    def expected(self, spec: QuantizeSpec, parameters: int) -> Expected:
        """What an export of a model with so many parameters takes and keeps."""
        key = key_of(spec), bool(spec.heal)
        factors = [
            (
                (key_of(item.spec), bool(item.spec.heal)) == key,
                item.seconds / usual_seconds(item.spec, item.parameters),
            )
            for item in self.earlier
            if item.seconds is not None and item.parameters and item.spec.threads == spec.threads
        ]
        alike = [factor for is_alike, factor in factors if is_alike][:_RUNS]
        here = alike or [factor for _, factor in factors][:_RUNS]
        factor = min(max(statistics.median(here), _FACTOR[0]), _FACTOR[1]) if here else 1.0
        seconds = factor * usual_seconds(spec, parameters)
        return Expected(seconds, len(alike), bool(here), self._kept(spec, parameters))

    def _kept(self, spec: QuantizeSpec, parameters: int) -> Kept | None:
        """By the newest export alike: of the very model, else of its lineage, else of the measured model."""
        own = self._lineage(spec.model)
        related = [
            item
            for item in self.earlier
            if item.agreement is not None
            and _is_alike(item, spec, parameters)
            and self._lineage(item.spec.model) & own
        ]
        for item in sorted(related, key=lambda item: item.spec.model != spec.model):
            return Kept(item.agreement or 0.0, item.kl, item.name)
        return _as_measured(spec, parameters)

    @cached_property
    def earlier(self) -> Sequence[Earlier]:
        """The exports that were made and are still there."""
        made = {item.run_id: item for item in self._workspace.store.artifacts("model")}
        found = (
            self._earlier(run, made[run.id])
            for run in self._workspace.store.runs(QuantizeSpec.kind)
            if run.state == "succeeded" and run.id in made
        )
        return tuple(item for item in found if item is not None)

    def _earlier(self, run: Run, made: Artifact) -> Earlier | None:
        try:
            spec = QuantizeSpec.model_validate(run.spec)
        except ValidationError:
            return None  # written by another version
        parameters = made.meta.get("parameters")
        is_here = not run.resumed and run.result.get("machine", machine.key()) == machine.key()
        return Earlier(
            spec,
            made.name,
            parameters if isinstance(parameters, int) else 0,
            run.worked_s() if is_here else None,
            _number(run.result.get("agreement")),
            _number(run.result.get("kl")),
        )

    def _lineage(self, model: str) -> frozenset[str]:
        if model not in self._lineages:
            self._lineages[model] = frozenset(_origins(self._workspace, model))
        return self._lineages[model]


def key_of(spec: QuantizeSpec) -> tuple[str, str]:
    """Recipe and who rounds; a search tries several."""
    if spec.recipe == "search":
        return "search", ""
    return spec.recipe, RECIPES[spec.recipe].rounded_by(spec.algorithm, rows=spec.data is not None)


def usual_seconds(spec: QuantizeSpec, parameters: int) -> float:
    """How long it took where it was measured, scaled to so many parameters."""
    share = parameters / measured.PARAMETERS
    work = measured.WORK_S[key_of(spec)[1] or spec.recipe]
    if spec.heal:
        work += measured.HEALING_S + spec.heal * measured.HEALING_STEP_S
    if spec.max_ms is not None:
        work += measured.PROBES * measured.WORK_S["rtn"]
    return measured.LOADING_S + share * work


def _as_measured(spec: QuantizeSpec, parameters: int) -> Kept | None:
    """What was measured once; of a search that has less room, or of a shorter cache, nobody knows."""
    found = measured.KEPT.get(key_of(spec))
    if found is None or spec.kv_cache != "float":
        return None
    if spec.max_mb is None or spec.recipe != "search":
        return None if spec.max_ms is not None else found
    room = spec.max_mb / measured.SEARCHED_MB * measured.PARAMETERS / max(1, parameters)
    if room < 1 - _SAME_SIZE or spec.max_ms is not None:
        return None
    return replace(found, or_more=room > 1 + _SAME_SIZE)


def _is_alike(item: Earlier, spec: QuantizeSpec, parameters: int) -> bool:
    """Whether an export was made as another will be: it may differ in where it runs, and in its threads."""
    theirs = item.spec
    limits = theirs.max_mb or 0.0, spec.max_mb or 0.0
    return (
        key_of(theirs) == key_of(spec)
        and (theirs.heal, theirs.kv_cache, theirs.block) == (spec.heal, spec.kv_cache, spec.block)
        and abs(item.parameters - parameters) <= _SAME_SIZE * parameters
        and abs(limits[0] - limits[1]) <= _SAME_SIZE * max(limits)
        and theirs.max_ms == spec.max_ms
    )


def _origins(workspace: Workspace, model: str) -> list[str]:
    """A model and those that it was made from, nearest first."""
    found: list[str] = []
    for _ in range(_DEEPEST):
        artifact = workspace.store.find_artifact(model, "model")
        if artifact is None or artifact.id in found:
            break
        found.append(artifact.id)
        made = workspace.store.maker(artifact)
        parent: Any = (made.spec.get("model") if made is not None else None) or artifact.meta.get("base")
        if not isinstance(parent, str):
            break
        model = parent
    return found


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
