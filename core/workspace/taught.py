"""What a model has learnt from, and with which line before a question.

Each model keeps it, so that it is known when the data and the runs are removed.
"""

from __future__ import annotations

from typing import Any

from core.workspace.records import Run
from core.workspace.workspace import Workspace

#: Kinds of job from which a model comes out taught.
TEACHING = ("finetune", "distill")
_DEEPEST = 12
#: Where a model's artifact keeps them.
_TAUGHT_ON, _INSTRUCTION = "taught_on", "taught_instruction"


def taught_on(workspace: Workspace, model: str, depth: int = 0) -> list[str]:
    """Ids of the data sets that a model and those it was made from learnt from, the nearest first.

    Every model keeps them, so that it still knows when the runs that made it are removed; one of an earlier
    version is asked for its runs.
    """
    found = workspace.store.find_artifact(model, "model")
    if found is None or depth > _DEEPEST:
        return []
    kept = found.meta.get(_TAUGHT_ON)
    if isinstance(kept, list):
        return [str(data) for data in kept]
    run = workspace.store.maker(found)
    return _taught_by(workspace, run, depth) if run is not None else []


def instruction_of(workspace: Workspace, model: str) -> str:
    """The line that a model learnt last to see before a question; empty when there was none."""
    found = workspace.store.find_artifact(model, "model")
    if found is None:
        return ""
    kept = found.meta.get(_INSTRUCTION)
    run = None if isinstance(kept, str) else workspace.store.maker(found)
    return _instruction_by(workspace, run) if run is not None else str(kept or "")


def left_by(workspace: Workspace, run: Run) -> dict[str, Any]:
    """What is kept with a model that this run leaves."""
    learnt = _taught_by(workspace, run, 0)
    return {_TAUGHT_ON: learnt, _INSTRUCTION: _instruction_by(workspace, run)} if learnt else {}


def _instruction_by(workspace: Workspace, run: Run) -> str:
    """The instruction of the run's data, or of the model that it began with, which is an earlier one's."""
    if run.kind not in TEACHING:
        model = str(run.spec.get("model") or "")
        earlier = workspace.store.find_artifact(model, "model")
        return instruction_of(workspace, model) if earlier and earlier.run_id != run.id else ""
    data = workspace.store.find_artifact(str(run.spec.get("data") or ""), "dataset")
    return str(data.meta.get("instruction") or "") if data is not None else ""


def _taught_by(workspace: Workspace, run: Run, depth: int) -> list[str]:
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
