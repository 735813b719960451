"""What the files of the chosen model and data say; read in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.models.library import DataItem, ModelItem
from app.pages.finetune import estimate
from app.pages.finetune.estimate import Shape
from core.data.dataset import Dataset
from core.workspace.workspace import Workspace

_SAMPLED_ROWS = 500


@dataclass(frozen=True)
class Turn:
    """One turn of a row as the model sees it."""

    role: str
    text: str
    is_learnt: bool


@dataclass(frozen=True)
class Facts:
    """What the files of the chosen model and data say."""

    shape: Shape
    turns: tuple[Turn, ...]
    longest_tokens: int
    warnings: tuple[str, ...]


def read_facts(workspace: Workspace, model: ModelItem, data: DataItem) -> Facts:
    """Reads the model's sizes and the first rows of the data; slow on a slow disk, so called in a thread."""
    rows = Dataset(workspace.artifact_folder(data.id))
    turns: tuple[Turn, ...] = ()
    longest = 0
    for index, row in enumerate(islice(rows.rows("train"), _SAMPLED_ROWS)):
        messages = rows.messages(row)
        if index == 0:
            turns = tuple(
                Turn(item["role"], item["content"], item["role"] == "assistant") for item in messages
            )
        characters = sum(len(item["content"]) for item in messages)
        longest = max(longest, estimate.tokens_of(characters, len(messages)))
    shape = estimate.shape_of(workspace.artifact_folder(model.id), model.parameters)
    return Facts(shape, turns, longest, tuple(rows.info.check.warnings))
