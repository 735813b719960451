"""What the files of the chosen data say; read in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.models.library import DataItem
from app.models.token_rows import Turn
from core.data.dataset import Dataset
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Facts:
    """What the files of the chosen data say.

    Attributes:
        turns: The first row to learn from.
        warnings: What the check of the data found.
    """

    turns: tuple[Turn, ...]
    warnings: tuple[str, ...]


def read_facts(workspace: Workspace, data: DataItem) -> Facts:
    """Reads the first rows of the data; slow on a slow disk, so called in a thread."""
    rows = Dataset(workspace.artifact_folder(data.id))
    turns: tuple[Turn, ...] = ()
    for row in islice(rows.rows("train"), 1):
        turns = tuple(
            Turn(item["role"], item["content"], item["role"] in ("assistant", "document"))
            for item in rows.messages(row)
        )
    return Facts(turns, tuple(rows.info.check.warnings))
