"""Which model a student was cut out of: what its pruning was told."""

from __future__ import annotations

from core.errors import WorkbenchError
from core.specs import PruneSpec
from core.workspace.workspace import Workspace


def pruning_of(workspace: Workspace, artifact_id: str) -> PruneSpec | None:
    """The pruning that left this model; None when it came otherwise, or that run was removed."""
    artifact = workspace.store.find_artifact(artifact_id, "model")
    if artifact is None:
        return None
    try:
        run = workspace.store.run(artifact.run_id)
        return PruneSpec.model_validate(run.spec) if run.kind == PruneSpec.kind else None
    except (WorkbenchError, ValueError):
        return None
