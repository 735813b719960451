"""What the pages show of the library: models and data sets as frozen items, read from the store alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.specs.data import QUESTIONS
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
    method: str = ""
    rank: int = 0
    adapters: tuple[str, ...] = ()
    has_prices: bool = False
    is_untaught: bool = False

    @property
    def is_trainable(self) -> bool:
        """Whether it can learn: an exported model cannot."""
        return self.format in ("hf", "adapter")

    @property
    def is_adapter(self) -> bool:
        """Whether it is an add-on over another model."""
        return self.format == "adapter"

    @property
    def adds_up(self) -> bool:
        """Whether it is a plain LoRA, which can be summed with others and served beside its base."""
        return self.is_adapter and self.method in ("", "auto", "lora", "qlora")

    @property
    def is_endpoint(self) -> bool:
        """Whether it is a model on another computer, of which only the address is here."""
        return self.format == "endpoint"

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

    @property
    def has_answers(self) -> bool:
        """Whether something can be learnt from it; questions alone are for a teacher."""
        return self.task != QUESTIONS


_Item = TypeVar("_Item", ModelItem, DataItem)


def models(workspace: Workspace, *, endpoints: bool = False) -> list[ModelItem]:
    """The models of the workspace, newest first; `endpoints`: also those that are only an address."""
    artifacts = workspace.store.artifacts("model")
    by_id = {artifact.id: artifact for artifact in artifacts}
    items = [_model(artifact, by_id) for artifact in artifacts]
    return [item for item in items if endpoints or not item.is_endpoint]


def _model(artifact: Artifact, by_id: dict[str, Artifact]) -> ModelItem:
    meta = artifact.meta
    base = _text(meta.get("base")) or None
    beneath = by_id[base].meta if base in by_id else {}  # an adapter knows little of itself
    prices = meta.get("endpoint")
    has_prices = isinstance(prices, dict) and None not in (prices.get("price_in"), prices.get("price_out"))
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
        method=_text(meta.get("method")),
        rank=_whole(meta.get("rank")),
        adapters=tuple(name for name in meta.get("adapters") or () if isinstance(name, str)),
        has_prices=has_prices,
        is_untaught=meta.get("untaught") is True,
    )


def found(items: Sequence[_Item], artifact_id: str) -> _Item | None:
    """The item of this id."""
    return next((item for item in items if item.id == artifact_id), None)


def kept(items: Sequence[_Item], chosen: _Item | None) -> _Item | None:
    """The chosen item as it is now; with nothing chosen, the only one there is."""
    if chosen is not None:
        return found(items, chosen.id)
    return items[0] if len(items) == 1 else None


def root(items: Sequence[ModelItem], item: ModelItem) -> ModelItem:
    """The whole model that an adapter stands on in the end; any other item is its own root."""
    by_id = {other.id: other for other in items}
    seen = {item.id}
    while item.is_adapter and item.base in by_id and item.base not in seen:
        item = by_id[item.base]
        seen.add(item.id)
    return item


def grouped(items: Sequence[ModelItem]) -> list[tuple[ModelItem, int]]:
    """Every adapter below its base, and how deep it stands; otherwise in the order given."""
    ids = {item.id for item in items}
    found: list[tuple[ModelItem, int]] = []
    taken: set[str] = set()

    def take(item: ModelItem, depth: int) -> None:
        if item.id in taken:
            return
        taken.add(item.id)
        found.append((item, depth))
        for other in items:
            if other.is_adapter and other.base == item.id:
                take(other, depth + 1)

    for item in items:
        if not (item.is_adapter and item.base in ids):
            take(item, 0)
    for item in items:  # two that name each other as base stand at the end
        take(item, 0)
    return found


def data_sets(workspace: Workspace, *, questions: bool = False) -> list[DataItem]:
    """The data sets of the workspace, newest first; `questions`: also those without answers."""
    items = [_data_set(artifact) for artifact in workspace.store.artifacts("dataset")]
    return [item for item in items if questions or item.has_answers]


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
