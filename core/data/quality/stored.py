"""Closer looks that were taken before: each lies in the folder of its run."""

from __future__ import annotations

from pydantic import ValidationError

from core.data.quality.findings import FILE, QualityReport
from core.specs import InspectDataSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def latest(
    workspace: Workspace, artifact: Artifact, spec: InspectDataSpec | None = None
) -> QualityReport | None:
    """The newest look at exactly these files, or None.

    Args:
        workspace: Where the runs are.
        artifact: A data set.
        spec: Only a look with these settings counts; None takes any.
    """
    wanted = spec.model_dump(mode="json") if spec is not None else None
    for run in workspace.store.readers(artifact.id):
        if run.kind != InspectDataSpec.kind or run.state != "succeeded":
            continue
        if run.result.get("digest") != artifact.digest or (wanted is not None and run.spec != wanted):
            continue
        try:
            return QualityReport.model_validate_json((workspace.run_folder(run.id) / FILE).read_bytes())
        except (OSError, ValidationError):
            continue  # removed by hand, or written by another version: it can be taken anew
    return None
