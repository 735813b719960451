"""What the files of the chosen model and data say; read in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.models.library import DataItem, ModelItem
from app.pages.finetune import estimate
from app.pages.finetune.estimate import Shape
from core.data.dataset import Dataset
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Turn:
    """One turn of a row as the model sees it."""

    role: str
    text: str
    is_learnt: bool


@dataclass(frozen=True)
class Facts:
    """What the files of the chosen model and data say.

    Attributes:
        shape: The model's sizes.
        turns: The first row to learn from.
        row_tokens: Tokens that 95 of 100 rows do not pass; about what the longest row of a batch has.
        warnings: What the check of the data found.
    """

    shape: Shape
    turns: tuple[Turn, ...]
    row_tokens: int
    warnings: tuple[str, ...]


def read_facts(workspace: Workspace, model: ModelItem, data: DataItem) -> Facts:
    """Reads the model's sizes and the first rows of the data; slow on a slow disk, so called in a thread."""
    rows = Dataset(workspace.artifact_folder(data.id))
    turns: tuple[Turn, ...] = ()
    for row in islice(rows.rows("train"), 1):
        turns = tuple(
            Turn(item["role"], item["content"], item["role"] in ("assistant", "document"))
            for item in rows.messages(row)
        )
    check = rows.info.check
    shape = estimate.shape_of(workspace.artifact_folder(model.id), model.parameters)
    return Facts(shape, turns, check.lengths.p95 if check.lengths else 0, tuple(check.warnings))
