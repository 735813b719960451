"""Whether a model has learnt a task here: one walk back over the models that it was made from."""

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
