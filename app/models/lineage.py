"""Where an artifact comes from: one walk back over runs and what they read."""

from __future__ import annotations

from dataclasses import dataclass

from core.jobs.registry import KINDS
from core.workspace.workspace import Workspace

_DEEPEST = 12


@dataclass(frozen=True)
class Origin:
    """One artifact on the way back.

    Attributes:
        depth: 0 for the artifact itself, 1 for what it was made from, and so on.
        name: Its name.
        type: model, dataset or report.
        run_id: The run that made it; empty when that was removed.
        title: What kind of job that was, in English, from the spec; empty when unknown.
        source: The file or folder it was taken from, for what was added.
    """

    depth: int
    name: str
    type: str
    run_id: str
    title: str
    source: str


def lineage(workspace: Workspace, artifact_id: str, depth: int = 0) -> list[Origin]:
    """The artifact and everything it stands on, depth first; removed inputs are left out."""
    artifact = workspace.store.find_artifact(artifact_id)
    if artifact is None or depth > _DEEPEST:
        return []
    run = workspace.store.maker(artifact)
    if run is None:
        return [Origin(depth, artifact.name, artifact.type, "", "", "")]
    kind = KINDS.get(run.kind)
    source = run.spec.get("source")
    here = Origin(
        depth,
        artifact.name,
        artifact.type,
        run.id,
        kind.spec.title if kind else run.kind,
        source if isinstance(source, str) else "",
    )
    origins = [here]
    for input_id in workspace.store.inputs(run.id):
        origins += lineage(workspace, input_id, depth + 1)
    return origins
