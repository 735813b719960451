"""Rows of another task than a model has learnt: what is rounded or mended on them may lose what it can do."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from core.data.dataset import Dataset
from core.models.quantizing.recipes import reads_rows
from core.specs import QuantizeSpec
from core.workspace import taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Mismatch:
    """A model and the rows of another task that it is to be rounded on.

    Attributes:
        model: Its name.
        data: Name of the data whose rows were chosen.
        learnt: Name of the data that it learnt from; empty where that was removed.
        learnt_id: Its id.
    """

    model: str
    data: str
    learnt: str = ""
    learnt_id: str = ""


def of(workspace: Workspace, spec: QuantizeSpec) -> Mismatch | None:
    """What does not go together; None where all does, the model has learnt nothing, or no rows are read.

    The same data is any version of it; other data is of the same task where it has the same instruction
    before its questions, or the same labels.
    """
    learnt = taught.taught_on(workspace, spec.model)
    if spec.data is None or not learnt or not reads_rows(spec):
        return None
    if taught.has_learnt(workspace, spec.model, spec.data):
        return None
    model, data = workspace.artifact(spec.model, "model"), workspace.artifact(spec.data, "dataset")
    line, theirs = str(data.meta.get("instruction") or ""), taught.instruction_of(workspace, spec.model)
    known = [found for ref in learnt if (found := workspace.store.find_artifact(ref, "dataset"))]
    labels = _labels(workspace, data)
    if line == theirs and (line or not known):
        return None
    if labels and any(labels == _labels(workspace, other) for other in known):
        return None
    return Mismatch(model.name, data.name, *((known[0].name, known[0].id) if known else ()))


def sentence(found: Mismatch) -> str:
    """What is odd, why it matters, and what to do."""
    origin = f"learnt from {found.learnt}" if found.learnt else "learnt another task"
    helps = f"`--data {shlex.quote(found.learnt)}`" if found.learnt else "Rows like those that it learnt from"
    return (
        f"{found.model} has {origin}, and the rows of {found.data} are of another task. Rounded on them it "
        f"stays near to the original there, and may lose more of what it learnt. {helps} "
        f"{'takes the rows that it learnt with' if found.learnt else 'would keep that'}."
    )


def _labels(workspace: Workspace, data: Artifact) -> frozenset[str]:
    return frozenset(Dataset(workspace.artifact_folder(data.id)).info.labels or ())
