"""A run's spec, to be run again with something changed."""

from __future__ import annotations

from typing import Any

from core.errors import InputError
from core.jobs.registry import Kind, kind_of
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def values_of(workspace: Workspace, run: Run) -> tuple[Kind, dict[str, Any]]:
    """The run's kind, and the fields of its spec that this program still knows.

    Raises:
        InputError: The kind is unknown or leaves nothing, or an input was removed.
    """
    kind = kind_of(run.kind)
    if not kind.makes:
        raise InputError(
            f"The run {run.id} cannot be repeated.",
            why="A job of this kind leaves nothing.",
            fix="Choose another run.",
            code="run.not_repeatable",
        )
    for artifact_id in workspace.store.inputs(run.id):
        if workspace.store.find_artifact(artifact_id) is None:
            raise InputError(
                f"The run {run.id} cannot be repeated as it was.",
                why=f"What it read, {artifact_id}, was removed.",
                fix="Add it again and start a new run.",
                code="input.unknown",
            )
    return kind, {field: value for field, value in run.spec.items() if field in kind.spec.model_fields}
