"""What making a model small will take and leave: size, memory, disk, time, likeness. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.jobs.sampling import free_disk_bytes
from core.models.fit import forecast
from core.models.fit.forecast import Verdict
from core.models.quantizing.expected import Expected, Experience
from core.models.quantizing.export_sizes import ExportSizes
from core.specs import QuantizeSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_DEEPEST = 8
#: Bytes a parameter of the copy in full precision that is made on the way.
_COPY = 4.0


@dataclass(frozen=True)
class ExportForecast:
    """An export before it is made.

    Attributes:
        bytes_now: The model with its base, as it is.
        bytes_after: About the export; None where the model does not say how large it is.
        memory_bytes: About what it takes while it answers; None for fp32, or with sizes unknown.
        disk_bytes: The export and a copy in full precision on the way.
        disk_free_bytes: What is free; None where nobody knows.
        expected: Time and likeness.
    """

    bytes_now: int
    bytes_after: float | None
    memory_bytes: float | None
    disk_bytes: float
    disk_free_bytes: int | None
    expected: Expected

    @property
    def disk_verdict(self) -> Verdict | None:
        """Whether the disk has room."""
        free = self.disk_free_bytes
        return None if free is None else forecast.verdict(self.disk_bytes, free)


def look(workspace: Workspace, spec: QuantizeSpec) -> ExportForecast:
    """Reads headers and earlier runs; takes milliseconds.

    Raises:
        InputError: The model is not there.
    """
    chain = _chain(workspace, workspace.artifact(spec.model, "model"))
    said = chain[-1].meta.get("parameters")
    parameters = said if isinstance(said, int) else 0
    sizes = ExportSizes(workspace)
    sizes.ask(chain[-1].id)
    after = _after(spec, sizes, parameters)
    held = None
    if spec.recipe != "fp32" and after is not None:
        held = sizes.memory(after, spec.max_length, 8 if spec.kv_cache == "int8" else 32)
    return ExportForecast(
        sum(item.bytes for item in chain),
        after,
        held.total if held is not None else None,
        (after or 0.0) + _COPY * parameters,
        free_disk_bytes(workspace.root),
        Experience(workspace).expected(spec, parameters),
    )


def as_data(said: ExportForecast) -> dict[str, Any]:
    """The forecast as `--json` shows it."""
    kept = said.expected.kept
    return {
        "bytes_now": said.bytes_now,
        "bytes_after": said.bytes_after,
        "memory_bytes": said.memory_bytes,
        "disk_bytes": said.disk_bytes,
        "disk_free_bytes": said.disk_free_bytes,
        "disk_verdict": said.disk_verdict,
        "seconds": said.expected.seconds,
        "corrected_by_runs": said.expected.runs,
        "corrected_here": said.expected.here,
        "agreement": kept.agreement if kept is not None else None,
        "kl": kept.kl if kept is not None else None,
        "measured_on": (kept.of or None) if kept is not None else None,
    }


def _after(spec: QuantizeSpec, sizes: ExportSizes, parameters: int) -> float | None:
    if spec.recipe != "search":
        return sizes.of(spec.recipe, spec.block, parameters)
    if spec.max_mb is not None:
        return spec.max_mb * 1e6
    return sizes.of("int4-edges", "auto", parameters) if spec.max_ms is None else None


def _chain(workspace: Workspace, model: Artifact) -> list[Artifact]:
    """The model and, of an add-on, what it stands on."""
    found = [model]
    for _ in range(_DEEPEST):
        base = found[-1].meta.get("base")
        below = workspace.store.find_artifact(base, "model") if isinstance(base, str) else None
        if below is None:
            break
        found.append(below)
    return found
