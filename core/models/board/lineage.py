"""How the models of a workspace are related: what each was made from, by what, and what it learnt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

Role = Literal["base", "teacher", "tuned", "distilled", "pruned", "merged"]
_ROLES: dict[str, Role] = {
    "finetune": "tuned",
    "distill": "distilled",
    "prune": "pruned",
    "merge": "merged",
}
_LEARNS = frozenset({"finetune", "distill"})


@dataclass(frozen=True)
class Member:
    """One model.

    Attributes:
        id: Its artifact's; `M:A` is the adapter A that the exported model M serves.
        name: What the person calls it.
        role: What it is among its relatives; a quantized model keeps the role of its source.
        recipe: How it was quantized, or empty.
        parents: Ids of the models that it was made from, teachers included.
        learnt: Id of the data that it, or what it was made from, learnt last; empty when there is none.
        family: Id of the oldest model that it is related to by any way.
        created_at: Unix seconds.
        receipt: What its export's receipt says, or None where it has none.
    """

    id: str
    name: str
    role: Role
    recipe: str = ""
    parents: tuple[str, ...] = ()
    learnt: str = ""
    family: str = ""
    created_at: float = 0.0
    receipt: str | None = None

    @property
    def artifact_id(self) -> str:
        """The model's, without the adapter that it serves."""
        return self.id.partition(":")[0]


def members(workspace: Workspace) -> dict[str, Member]:
    """The models of a workspace that can be measured, by id, oldest first."""
    artifacts = [item for item in workspace.store.artifacts("model") if item.meta.get("format") != "endpoint"]
    runs = {run.id: run for run in workspace.store.runs()}
    teachers = {
        teacher
        for run in runs.values()
        if run.kind == "distill"
        for teacher in run.spec.get("teachers") or ()
    }
    found: dict[str, Member] = {}
    for artifact in reversed(artifacts):  # what a model was made from is older
        member = _member(artifact, runs.get(artifact.run_id), found, artifact.id in teachers)
        found[member.id] = member
    families = _families(found.values())
    return {key: _with_family(member, families[key]) for key, member in found.items()}


def adapter(model: Member, name: str, lineage: Iterable[Member]) -> Member:
    """The member that an adapter served by an exported model is."""
    tuned = next((item for item in lineage if item.name == name), None)
    learnt = tuned.learnt if tuned is not None else model.learnt
    role: Role = tuned.role if tuned is not None else "tuned"
    return Member(
        id=f"{model.id}:{name}",
        name=f"{model.name}:{name}",
        role=role,
        recipe=model.recipe,
        parents=(model.id, *([tuned.id] if tuned is not None else [])),
        learnt=learnt,
        family=model.family,
        created_at=model.created_at,
        receipt=model.receipt,
    )


def _member(artifact: Artifact, run: Run | None, older: dict[str, Member], is_teacher: bool) -> Member:
    spec = run.spec if run is not None else {}
    kind = run.kind if run is not None else ""
    parents = [spec.get("model"), *(spec.get("models") or ()), *(spec.get("teachers") or ())]
    base = artifact.meta.get("base")
    known = tuple(dict.fromkeys(item for item in (*parents, base) if isinstance(item, str)))
    source = older.get(known[0]) if known else None
    learnt = str(spec.get("data") or "") if kind in _LEARNS else source.learnt if source else ""
    role: Role = _ROLES.get(kind) or (source.role if source is not None and kind == "quantize" else "base")
    receipt = artifact.meta.get("receipt")
    status = receipt.get("status") if isinstance(receipt, dict) else receipt
    return Member(
        id=artifact.id,
        name=artifact.name,
        role="teacher" if is_teacher else role,
        recipe=str(artifact.meta.get("recipe") or spec.get("recipe") or "") if kind == "quantize" else "",
        parents=known,
        learnt=learnt,
        created_at=artifact.created_at,
        receipt=status if isinstance(status, str) else None,
    )


def _families(members: Iterable[Member]) -> dict[str, str]:
    """For each model the oldest one that it is linked with, by what was made from what (union-find)."""
    first: dict[str, str] = {}

    def root(key: str) -> str:
        while first[key] != key:
            first[key] = first[first[key]]
            key = first[key]
        return key

    for member in members:  # oldest first, so that a root is the oldest of its family
        first[member.id] = member.id
        for parent in member.parents:
            if parent in first:
                one, other = root(parent), root(member.id)
                order = list(first)
                older, younger = sorted((one, other), key=order.index)
                first[younger] = older
    return {key: root(key) for key in first}


def _with_family(member: Member, family: str) -> Member:
    return Member(**{**member.__dict__, "family": family})
