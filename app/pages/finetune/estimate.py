"""What a fine-tuning run will need, from simple formulas that are shown as estimates.

The activation formula counts what a Llama-like decoder keeps for the backward pass. Full attention matrices
are not kept (fused attention), and rows are padded to the longest row of their batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.workspace.workspace import Workspace

_LIBRARIES_BYTES = 700e6  # torch and transformers loaded, measured about 0.6 to 0.8 GB
_KEPT_CHECKPOINTS = 2


@dataclass(frozen=True)
class Shape:
    """The sizes of a model that decide what learning costs."""

    parameters: int
    hidden: int = 0
    layers: int = 0
    intermediate: int = 0
    vocabulary: int = 0

    @property
    def known(self) -> bool:
        """Whether the configuration named every size."""
        return min(self.hidden, self.layers, self.intermediate, self.vocabulary) > 0


@dataclass(frozen=True)
class Need:
    """Bytes of memory by part, and bytes on disk while it runs."""

    model: float
    learner: float
    activations: float
    rest: float
    disk: float

    @property
    def memory(self) -> float:
        """All parts together."""
        return self.model + self.learner + self.activations + self.rest


@dataclass(frozen=True)
class Preview:
    """What the run will need, against what this computer has. Times in seconds, sizes in bytes."""

    need: Need | None
    memory_free: int
    disk_free: int
    seconds: float | None

    @property
    def fits(self) -> bool:
        """Whether memory suffices by the estimate, which warns but does not forbid."""
        return self.need is None or self.need.memory <= self.memory_free

    @property
    def has_disk(self) -> bool:
        """Whether the result and the checkpoints have room."""
        return self.need is None or self.need.disk <= self.disk_free


def shape_of(folder: Path, parameters: int) -> Shape:
    """Reads the sizes from a model folder's `config.json`; what is missing stays 0."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Shape(parameters)

    def size(name: str) -> int:
        value = config.get(name) if isinstance(config, dict) else None
        return value if isinstance(value, int) and value > 0 else 0

    return Shape(
        parameters,
        hidden=size("hidden_size"),
        layers=size("num_hidden_layers"),
        intermediate=size("intermediate_size"),
        vocabulary=size("vocab_size"),
    )


def trainable(shape: Shape, method: str, rank: int) -> float:
    """How many values are learnt: all of them, or two thin matrices beside each linear layer."""
    if method == "full":
        return float(shape.parameters)
    if not shape.known:
        return shape.parameters * 0.0022 * rank
    attention = 4 * 2 * shape.hidden
    feed_forward = 3 * (shape.hidden + shape.intermediate)
    return float(rank * shape.layers * (attention + feed_forward))


def need(shape: Shape, *, method: str, rank: int, batch: int, row_tokens: int, precision: str) -> Need:
    """The memory at its highest, and the disk space for result and checkpoints.

    Args:
        shape: The model's sizes.
        method: `lora` or `full`.
        rank: LoRA rank.
        batch: Rows in a step.
        row_tokens: Tokens to which the rows of a batch are padded, after cutting.
        precision: `fp32`, `bf16` or `auto`, which counts as the larger one.
    """
    width = 2 if precision == "bf16" else 4
    learnt = trainable(shape, method, rank)
    layer = shape.layers * (10 * shape.hidden + 4 * shape.intermediate)
    floats = layer + 3 * shape.vocabulary if shape.known else 0.004 * shape.parameters
    result = learnt * 4
    return Need(
        model=float(shape.parameters * width),
        learner=learnt
        * (12 if method == "full" else 16),  # gradient, two Adam moments; LoRA adds its weights
        activations=batch * row_tokens * floats * width,
        rest=_LIBRARIES_BYTES,
        disk=result + _KEPT_CHECKPOINTS * learnt * 12,
    )


def measured_rows_per_s(workspace: Workspace, model: str, method: str) -> float | None:
    """Rows learnt a second in the newest finished run of the same model and method here, or None."""
    for run in workspace.store.runs():
        if run.kind != "finetune" or run.state not in ("succeeded", "stopped"):
            continue
        if run.spec.get("model") != model or _method(run.spec.get("method")) != method:
            continue
        overall = run.result.get("rows_per_s")
        if isinstance(overall, int | float) and overall > 0:
            return float(overall)
        points = workspace.store.metrics(run.id).get("rows_per_s", [])
        if points:
            return float(median(value for _, value in points))
    return None


def _method(value: object) -> str:
    return "lora" if value in ("auto", None) else str(value)
