"""What a model has learnt from: kept with each model, so that it is known when the runs are removed."""

from __future__ import annotations

from core.workspace.records import Run
from core.workspace.workspace import Workspace

#: Kinds of job from which a model comes out taught.
TEACHING = ("finetune", "distill")
_DEEPEST = 12
#: Where a model's artifact keeps the ids.
TAUGHT_ON = "taught_on"


def taught_on(workspace: Workspace, model: str, depth: int = 0) -> list[str]:
    """Ids of the data sets that a model and those it was made from learnt from, the nearest first.

    Every model keeps them, so that it still knows when the runs that made it are removed; one of an earlier
    version is asked for its runs.
    """
    found = workspace.store.find_artifact(model, "model")
    if found is None or depth > _DEEPEST:
        return []
    kept = found.meta.get(TAUGHT_ON)
    if isinstance(kept, list):
        return [str(data) for data in kept]
    run = workspace.store.maker(found)
    return left_by(workspace, run, depth) if run is not None else []


def left_by(workspace: Workspace, run: Run, depth: int = 0) -> list[str]:
    """Ids of the data sets that a model learnt from which this run leaves."""
    data = [str(run.spec.get("data", ""))] if run.kind in TEACHING else []
    for ref in workspace.store.inputs(run.id):
        data += taught_on(workspace, ref, depth + 1)
    return list(dict.fromkeys(data))


def is_taught(workspace: Workspace, model: str) -> bool:
    """Whether the model is an add-on, or it or one that it stands on was fine-tuned or distilled here."""
    found = workspace.store.find_artifact(model, "model")
    return (found is not None and found.meta.get("format") == "adapter") or bool(taught_on(workspace, model))


def has_learnt(workspace: Workspace, model: str, data: str) -> bool:
    """Whether a model learnt from this data, or from another version of it."""
    versions = _versions(workspace, data)
    return any(versions & _versions(workspace, known) for known in taught_on(workspace, model))


def _versions(workspace: Workspace, data: str) -> set[str]:
    """The data set and all that it was made from."""
    found = {data}
    artifact = workspace.store.find_artifact(data, "dataset")
    run = workspace.store.maker(artifact) if artifact is not None else None
    for ref in workspace.store.inputs(run.id) if run is not None else ():
        if ref not in found and workspace.store.find_artifact(ref, "dataset") is not None:
            found |= _versions(workspace, ref)
    return found
