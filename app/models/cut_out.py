"""Which model a student was cut out of: what its pruning was told."""

from __future__ import annotations

from core.specs import PruneSpec
from core.workspace.workspace import Workspace


def pruning_of(workspace: Workspace, artifact_id: str) -> PruneSpec | None:
    """The pruning that left this model; None when it came otherwise, or that run was removed."""
    artifact = workspace.store.find_artifact(artifact_id, "model")
    if artifact is None:
        return None
    run = workspace.store.maker(artifact)
    if run is None or run.kind != PruneSpec.kind:
        return None
    try:
        return PruneSpec.model_validate(run.spec)
    except ValueError:  # of a version that told it otherwise
        return None
