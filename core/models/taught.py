"""What a model of one's own has learnt from, seen from the runs that made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.specs.data import QUESTIONS
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

#: Kinds of job from which a model comes out taught.
_TEACHING = ("finetune", "distill")
_DEEPEST = 12


def taught_on(workspace: Workspace, model: str) -> list[str]:
    """Ids of the data sets that a model and those it was made from learnt from, the nearest first."""
    found = (str(run.spec.get("data", "")) for run in _makers(workspace, model, "model"))
    return list(dict.fromkeys(data for data in found if data))


def is_taught(workspace: Workspace, model: str) -> bool:
    """Whether the model is an add-on, or it or one that it stands on was fine-tuned or distilled here."""
    found = workspace.store.find_artifact(model, "model")
    return (found is not None and found.meta.get("format") == "adapter") or bool(taught_on(workspace, model))


def has_learnt(workspace: Workspace, model: str, data: str) -> bool:
    """Whether a model learnt from this data, or from another version of it."""
    versions = _versions(workspace, data)
    return any(versions & _versions(workspace, known) for known in taught_on(workspace, model))


def asking(
    workspace: Workspace, teacher: Artifact, data: Artifact, chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Fields of a `GenerateSpec` that follow from what a teacher has learnt, where nothing else was chosen.

    Questions without answers are answered like the data that it learnt from. And what it learnt is asked as
    it learnt it, without a line before that it has never seen.

    Args:
        workspace: Where both are.
        teacher: Who is asked.
        data: What is asked.
        chosen: Fields that the person has set.
    """
    if chosen.get("source", "prompts") != "prompts" or chosen.get("task", "auto") != "auto":
        return {}
    found: dict[str, Any] = {}
    if data.meta.get("task") == QUESTIONS and "like" not in chosen:
        known = (workspace.store.find_artifact(ref, "dataset") for ref in taught_on(workspace, teacher.id))
        answered = [
            item for item in known if item and item.meta.get("task") not in (QUESTIONS, "pretraining")
        ]
        if answered:
            found["like"] = answered[0].id
    followed = {**chosen, **found}.get("like") or data.id
    if not {"as_learnt", "system"} & chosen.keys() and has_learnt(workspace, teacher.id, followed):
        found["as_learnt"] = True
    return found


def _versions(workspace: Workspace, data: str) -> set[str]:
    """The data set and all that it was made from."""
    made_from = {ref for run in _makers(workspace, data, "dataset") for ref in workspace.store.inputs(run.id)}
    return {data, *(ref for ref in made_from if workspace.store.find_artifact(ref, "dataset") is not None)}


def _makers(workspace: Workspace, artifact: str, type: str, depth: int = 0) -> Iterator[Run]:
    """The run that made an artifact, then those of its inputs of this type; of models, those that taught."""
    found = workspace.store.find_artifact(artifact, type)
    run = workspace.store.maker(found) if found is not None else None
    if run is None or depth > _DEEPEST:
        return
    if type == "dataset" or run.kind in _TEACHING:
        yield run
    for ref in workspace.store.inputs(run.id):
        yield from _makers(workspace, ref, type, depth + 1)
