"""Rows of a test that a model has learnt from after all, by other data with the same questions."""

from __future__ import annotations

from core.data.dataset import Dataset, Split
from core.data.fingerprints import text_hash
from core.data.quality.rows import row_of
from core.workspace import taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def seen(workspace: Workspace, model: str, data: Artifact, split: Split) -> int:
    """How many rows of a split ask what the model has learnt from, by whichever data set."""
    asked: set[int] = set()
    for ref in taught.taught_on(workspace, model):
        found = workspace.store.find_artifact(ref, "dataset")
        if found is not None and ref != data.id:
            asked |= _asked(workspace, found, "train")
    return len(asked & _asked(workspace, data, split)) if asked else 0


def _asked(workspace: Workspace, data: Artifact, split: Split) -> set[int]:
    held = Dataset(workspace.artifact_folder(data.id))
    return {text_hash(row_of(held, row).question) for row in held.rows(split)}
