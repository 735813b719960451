"""Which instruction a model has learnt to see before a question."""

from __future__ import annotations

from core.workspace.workspace import Workspace

_DEEPEST = 12


def learnt_by(workspace: Workspace, model_id: str) -> str:
    """The instruction of the data that a model learnt from last; empty when there was none.

    Walks back over the runs that made the model, so a quantized model has its tuned model's instruction.
    """
    for _ in range(_DEEPEST):
        artifact = workspace.store.find_artifact(model_id)
        if artifact is None:
            return ""
        run = workspace.store.maker(artifact)
        if run is None:
            return ""
        data = run.spec.get("data")
        if isinstance(data, str):
            learnt = workspace.store.find_artifact(data)
            return str(learnt.meta.get("instruction") or "") if learnt is not None else ""
        model_id = str(run.spec.get("model") or "")
    return ""
