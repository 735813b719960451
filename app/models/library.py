"""What the pages show of the library: models and data sets as frozen items, read from the store alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class ModelItem:
    """One model as a list shows it."""

    id: str
    name: str
    format: str
    architecture: str
    parameters: int
    bytes: int
    context: int
    licence: str
    dtype: str
    base: str | None
    recipe: str | None
    note: str
    receipt: str | None
    run_id: str
    created_at: float

    @property
    def is_trainable(self) -> bool:
        """Whether it can learn: adapters and exported models cannot."""
        return self.format == "hf"

    @property
    def is_exported(self) -> bool:
        """Whether it is already in the format of the target runtime."""
        return self.format == "onnx"


@dataclass(frozen=True)
class DataItem:
    """One data set as a list shows it."""

    id: str
    name: str
    bytes: int
    task: str
    labels: int
    train: int
    validation: int
    test: int
    run_id: str
    created_at: float
    instruction: str = ""


def models(workspace: Workspace) -> list[ModelItem]:
    """Every model of the workspace, newest first."""
    artifacts = workspace.store.artifacts("model")
    by_id = {artifact.id: artifact for artifact in artifacts}
    return [_model(artifact, by_id) for artifact in artifacts]


def _model(artifact: Artifact, by_id: dict[str, Artifact]) -> ModelItem:
    meta = artifact.meta
    base = _text(meta.get("base")) or None
    beneath = by_id[base].meta if base in by_id else {}  # an adapter knows little of itself
    receipt = meta.get("receipt")
    if isinstance(receipt, dict):
        receipt = receipt.get("status")
    return ModelItem(
        id=artifact.id,
        name=artifact.name,
        format=_text(meta.get("format")) or "hf",
        architecture=_text(meta.get("architecture")) or _text(beneath.get("architecture")),
        parameters=_whole(meta.get("parameters")) or _whole(beneath.get("parameters")),
        bytes=artifact.bytes,
        context=_whole(meta.get("context")) or _whole(beneath.get("context")),
        licence=_text(meta.get("licence")) or _text(beneath.get("licence")),
        dtype=_text(meta.get("dtype")),
        base=base,
        recipe=_text(meta.get("recipe")) or None,
        note=_text(meta.get("note")),
        receipt=_text(receipt) or None,
        run_id=artifact.run_id,
        created_at=artifact.created_at,
    )


def data_sets(workspace: Workspace) -> list[DataItem]:
    """Every data set of the workspace, newest first."""
    return [_data_set(artifact) for artifact in workspace.store.artifacts("dataset")]


def _data_set(artifact: Artifact) -> DataItem:
    meta = artifact.meta
    found = meta.get("counts")
    counts: dict[str, Any] = found if isinstance(found, dict) else {}
    labels = meta.get("labels")
    return DataItem(
        id=artifact.id,
        name=artifact.name,
        bytes=artifact.bytes,
        task=_text(meta.get("task")),
        labels=len(labels) if isinstance(labels, list) else _whole(labels),
        train=_whole(counts.get("train")),
        validation=_whole(counts.get("validation")),
        test=_whole(counts.get("test")),
        run_id=artifact.run_id,
        created_at=artifact.created_at,
        instruction=_text(meta.get("instruction")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
