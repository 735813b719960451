"""Reads from the workspace's own runs how far the formula was off on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import WorkbenchError
from core.models.fit import corrections
from core.models.fit.corrections import Corrections, Observation
from core.models.fit.machine import Machine
from core.models.fit.need import predict
from core.models.fit.rows import RowSizes
from core.models.fit.shape import Shape, shape_of
from core.specs import DistillSpec, FinetuneSpec, TrainingSpec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

#: Of another formula's ratios nothing can be learnt; raise it when a factor of the formula changes.
FORMULA = 1
_ENOUGH = 8
#: Below this share of the whole, activations cannot be told from noise.
_TELLING = 0.1
RowsOf = Callable[[Path], RowSizes]


@dataclass(frozen=True)
class Case:
    """A training with the sizes of its inputs."""

    spec: TrainingSpec
    shape: Shape
    rows: RowSizes
    teachers: tuple[Shape, ...] = ()


def case(workspace: Workspace, spec: TrainingSpec, rows_of: RowsOf) -> Case:
    """Reads the sizes of a spec's model and data.

    Args:
        workspace: Where they are.
        spec: What would be trained.
        rows_of: Reads the sizes of a data set's folder.

    Raises:
        WorkbenchError: One of them is not there or cannot be read.
    """
    data = workspace.artifact(spec.data, "dataset")
    asked = spec.teachers if isinstance(spec, DistillSpec) else ()
    return Case(
        spec,
        model_shape(workspace, spec.model),
        rows_of(workspace.artifact_folder(data.id)),
        tuple(model_shape(workspace, teacher) for teacher in asked),
    )


def model_shape(workspace: Workspace, model: str) -> Shape:
    """The sizes of a model; of an adapter, those of the model it stands on.

    Raises:
        WorkbenchError: It is not there.
    """
    artifact: Artifact = workspace.artifact(model, "model")
    for _ in range(8):
        base = artifact.meta.get("base")
        found = workspace.store.find_artifact(base, "model") if isinstance(base, str) else None
        if found is None:
            break
        artifact = found
    meta = artifact.meta
    parameters = meta.get("parameters")
    return shape_of(
        workspace.artifact_folder(artifact.id),
        parameters if isinstance(parameters, int) else 0,
        str(meta.get("architecture", "")),
    )


def read(workspace: Workspace, wanted: Case, machine: Machine, rows_of: RowsOf) -> Corrections:
    """Corrections for one training from the newest runs and dry runs of the same kind here."""
    alike: list[Observation] = []
    here: list[Observation] = []
    for run in workspace.store.runs():
        if run.result.get("machine") != machine.key or run.state not in ("succeeded", "stopped"):
            continue
        spec = _spec(run)
        if spec is None:
            continue
        try:
            observed = _observe(case(workspace, spec, rows_of), run, machine)
        except WorkbenchError:
            continue  # its model or data was removed
        if observed is None:
            continue
        here.append(observed[0])
        if observed[1] == _kind(wanted, machine, corrections.of([], here)):
            alike.append(observed[0])
        if len(alike) >= _ENOUGH or len(here) >= 8 * _ENOUGH:
            break
    return corrections.of(alike, here)


def measured(workspace: Workspace, spec: TrainingSpec, machine: Machine) -> dict[str, Any] | None:
    """Result of the newest dry run of exactly this training on this machine."""
    wanted = spec.model_dump(mode="json")
    for run in workspace.store.runs():
        if run.kind == "fit" and run.state == "succeeded" and run.spec.get("spec") == wanted:
            return run.result if run.result.get("machine") == machine.key else None
    return None


def _spec(run: Run) -> TrainingSpec | None:
    values = run.spec if run.kind == "finetune" else run.spec.get("spec") if run.kind == "fit" else None
    try:
        return FinetuneSpec.model_validate(values) if values is not None else None
    except ValidationError:
        return None  # written by another version


def _kind(of: Case, machine: Machine, known: Corrections) -> tuple[str, str, bool]:
    """Runs of one kind share a correction: architecture, method, number format."""
    spec = of.spec
    bf16 = spec.precision == "bf16"
    if spec.precision == "auto":
        bf16 = machine.fast_bf16 if known.bf16 is None else known.bf16
    return of.shape.architecture, "lora" if spec.method == "auto" else spec.method, bf16


def _observe(of: Case, run: Run, machine: Machine) -> tuple[Observation, tuple[str, str, bool]] | None:
    result, spec = run.result, of.spec
    method, precision = result.get("method"), result.get("precision")
    if not isinstance(method, str) or precision not in ("fp32", "bf16"):
        return None
    bf16, chosen = precision == "bf16", spec.precision == "auto"
    kind = (of.shape.architecture, method, bf16)
    if run.kind == "fit":
        told = result.get("ratios") or {}
        if told.get("formula") != FORMULA:
            return None
        return (
            Observation(
                run.id,
                libraries=_number(told.get("libraries")),
                activations=_number(told.get("activations")),
                seconds=_scaled(told.get("seconds"), machine.gflops, told.get("gflops")),
                watts=_number(result.get("watts")),
                bf16=bf16,
                chosen=chosen,
            ),
            kind,
        )
    need = predict(
        spec.model_copy(update={"precision": precision}), of.shape, of.rows, machine, Corrections()
    )
    peak, rate = _number(result.get("peak_rss_bytes")), _number(result.get("rows_per_s"))
    held = need.memory
    told_memory = peak is not None and held.passing > _TELLING * held.total
    overall = (need.seconds.training + need.seconds.looking) / (need.plan.steps * need.steps.rows)
    return (
        Observation(
            run.id,
            activations=max((peak or 0.0) - held.fixed, 0.0) / held.passing if told_memory else None,
            seconds=1 / rate / overall if rate else None,
            bf16=bf16,
            chosen=chosen,
        ),
        kind,
    )


def _scaled(ratio: object, gflops: float, then: object) -> float | None:
    """A ratio of seconds against the matrix speed known today."""
    told, before = _number(ratio), _number(then)
    return told * gflops / before if told and before else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None
