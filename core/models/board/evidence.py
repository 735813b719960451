"""The stored evaluations of a workspace, and what a board can be about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import IntegrityError
from core.models import report
from core.models.board import lineage
from core.models.board.lineage import Member
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_KIND = "evaluate"


@dataclass(frozen=True)
class Evaluation:
    """A stored evaluation, as far as the store knows it.

    Attributes:
        report: Its artifact.
        data: Id of the data set whose rows were answered.
        split: Which of its rows.
        models: Ids of the models that answered.
    """

    report: Artifact
    data: str
    split: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """What a board is about: who answered which rows.

    Attributes:
        data: Id of the data set.
        data_name: Its name.
        split: Which of its rows.
        family: Id of the oldest model of a lineage; empty for every model that answered these rows.
        family_name: Its name.
        models: Ids of the measured models, the one measured last first.
    """

    data: str
    data_name: str
    split: str
    family: str
    family_name: str
    models: tuple[str, ...]


def evaluations(workspace: Workspace) -> list[Evaluation]:
    """Every evaluation that is still there, newest first."""
    runs = {run.id: run for run in workspace.store.runs() if run.kind == _KIND}
    data = {item.name: item.id for item in reversed(workspace.store.artifacts("dataset"))}
    found = []
    for artifact in workspace.store.artifacts("report"):
        run = runs.get(artifact.run_id)
        if run is not None:
            models = tuple(str(item) for item in run.spec.get("models") or ())
            split = str(run.spec.get("split") or "test")
            found.append(Evaluation(artifact, str(run.spec.get("data") or ""), split, models))
        elif "models" in artifact.meta:  # its run was removed: the report names the data, not its id
            said = _look(workspace, artifact)
            if said is not None and said["data"] in data:
                ids = tuple(str(item["id"]) for item in said["models"])
                found.append(Evaluation(artifact, data[said["data"]], str(said["split"]), ids))
    return found


def members_of(workspace: Workspace, found: Sequence[Evaluation]) -> dict[str, Member]:
    """The models of the workspace, with the adapters among the measured that exported models serve."""
    known = lineage.members(workspace)
    for evaluation in found:
        for key in evaluation.models:
            model, colon, name = key.partition(":")
            if colon and key not in known and model in known:
                known[key] = lineage.adapter(known[model], name, known.values())
    return known


def subjects(
    workspace: Workspace, found: Sequence[Evaluation], members: Mapping[str, Member]
) -> list[Subject]:
    """What there is to look at, newest first: per data and split every lineage that was measured on it.

    Where several lineages answered the same rows, all of them together come first.
    """
    names = {item.id: item.name for item in workspace.store.artifacts("dataset")}
    measured: dict[tuple[str, str], dict[str, None]] = {}
    for evaluation in found:
        if evaluation.data in names:
            models = measured.setdefault((evaluation.data, evaluation.split), {})
            models.update(dict.fromkeys(key for key in evaluation.models if key in members))
    subjects = []
    for (data, split), models in measured.items():
        families = list(dict.fromkeys(members[key].family for key in models))
        for family in ["", *families] if len(families) > 1 else families:
            own = tuple(key for key in models if family in ("", members[key].family))
            name = members[family].name if family else ""
            subjects.append(Subject(data, names[data], split, family, name, own))
    return subjects


def missing(subject: Subject, members: Mapping[str, Member]) -> list[Member]:
    """Models that belong on the board and never answered its rows.

    Those that learnt the data, what they were made from or taught by, and what was made from a measured model
    without learning anything else.
    """
    measured = set(subject.models)
    pupils = [member for member in members.values() if member.learnt == subject.data]
    wanted = {member.id for member in pupils}
    wanted |= {parent for member in pupils for parent in member.parents}
    wanted |= {parent for key in subject.models for parent in members[key].parents}
    wanted |= {item.id for item in members.values() if not item.learnt and measured & set(item.parents)}
    return [
        member
        for key, member in members.items()
        if key in wanted - measured and subject.family in ("", member.family)
    ]


def _look(workspace: Workspace, artifact: Artifact) -> dict[str, Any] | None:
    """An evaluation's report as plain JSON, or None where it is something else or damaged."""
    try:
        text = (workspace.verified_folder(artifact) / report.NAME).read_bytes()
        said = json.loads(text)
    except (OSError, ValueError, IntegrityError):
        return None
    return said if isinstance(said, dict) and {"data", "split", "models"} <= said.keys() else None
