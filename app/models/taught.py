"""Whether and from what a model learnt a task here: one walk back over the models that it was made from."""

from __future__ import annotations

from core.workspace.workspace import Workspace

_TEACHES = frozenset({"finetune", "distill"})
_DEEPEST = 12


def is_taught(workspace: Workspace, artifact_id: str, depth: int = 0) -> bool:
    """Whether the model is an add-on, or it or one that it stands on was fine-tuned or distilled here."""
    artifact = workspace.store.find_artifact(artifact_id, "model")
    if artifact is None or depth > _DEEPEST:
        return False
    if artifact.meta.get("format") == "adapter":
        return True
    run = workspace.store.maker(artifact)
    if run is None:
        return False
    if run.kind in _TEACHES:
        return True
    return any(is_taught(workspace, item, depth + 1) for item in workspace.store.inputs(run.id))


def learnt_from(workspace: Workspace, artifact_id: str, depth: int = 0) -> str:
    """Id of the data set that the model was taught last; empty where it was not taught here."""
    artifact = workspace.store.find_artifact(artifact_id, "model")
    run = workspace.store.maker(artifact) if artifact is not None and depth <= _DEEPEST else None
    if run is None:
        return ""
    if run.kind in _TEACHES:
        return str(run.spec.get("data") or "")
    before = (learnt_from(workspace, item, depth + 1) for item in workspace.store.inputs(run.id))
    return next(filter(None, before), "")
