"""What a job would ask of a teacher, how, and what that costs, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.data.dataset import Dataset
from core.data.generating import assembling, joining, plan, presets
from core.data.generating.estimate import Estimate, estimate, estimate_marks
from core.data.spread import evenly
from core.errors import InputError
from core.jobs import keys
from core.models import endpoints
from core.models.endpoints import Endpoint
from core.specs import EvaluateSpec, GenerateSpec, Spec
from core.specs.data import QUESTIONS
from core.workspace import taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

#: How many rows a preview asks.
PREVIEW_ROWS = 5
#: How long a preview may take: a model of one's own may need minutes to be loaded.
PREVIEW_S = 1800.0


@dataclass(frozen=True)
class Offer:
    """What would be asked of a teacher.

    Attributes:
        teacher: Who is asked.
        data: The data's name.
        endpoint: Where it is sent; None for a model on this computer.
        estimate: How much it is.
    """

    teacher: Artifact
    data: str
    endpoint: Endpoint | None
    estimate: Estimate

    @property
    def cost(self) -> float:
        """What it costs, about."""
        said = self.estimate
        return self.endpoint.cost(said.tokens_in, said.tokens_out) if self.endpoint is not None else 0.0

    @property
    def most(self) -> float:
        """What it costs if every answer is as long as it may be."""
        said = self.estimate
        return self.endpoint.cost(said.tokens_in, said.most_out) if self.endpoint is not None else 0.0


def offer(workspace: Workspace, spec: Spec) -> Offer | None:
    """Looks at what a spec would ask of a teacher or a judge; None where it asks no one.

    Raises:
        InputError: The data does not suit the task.
    """
    if isinstance(spec, GenerateSpec):
        return teaching(workspace, spec)
    return judging(workspace, spec) if isinstance(spec, EvaluateSpec) and spec.judge else None


def judging(workspace: Workspace, spec: EvaluateSpec) -> Offer:
    """What a judge would rate: some rows, with every model's answer to each."""
    told = spec.judging()
    judge, data = workspace.artifact(told.teacher, "model"), workspace.artifact(told.data, "dataset")
    held = Dataset(workspace.verified_folder(data))
    rows = evenly(evenly(list(held.rows(spec.split)), spec.limit), spec.judge_rows)
    talks = [held.messages(row) for row in rows]
    found = estimate_marks(talks, len(spec.models), spec.rubric, told.max_new_tokens)
    return Offer(judge, data.name, _endpoint(workspace, judge), found)


def teaching(workspace: Workspace, spec: GenerateSpec) -> Offer:
    """What a teacher would be asked.

    Raises:
        InputError: The data does not suit the task.
    """
    teacher, data = workspace.artifact(spec.teacher, "model"), workspace.artifact(spec.data, "dataset")
    require_known(workspace, spec, teacher, data)
    held = Dataset(workspace.verified_folder(data))
    like = None
    if spec.like:
        like = Dataset(workspace.verified_folder(workspace.artifact(spec.like, "dataset"))).info
    work = presets.assign(spec, held.info, like)
    if spec.with_rows:
        joining.require_alike(like or held.info, assembling.layout(held, spec, work, like).roles)
    found = estimate(plan.prompts(held, spec, work, like), spec, work)
    return Offer(teacher, data.name, _endpoint(workspace, teacher), found)


def _endpoint(workspace: Workspace, artifact: Artifact) -> Endpoint | None:
    if keys.account_of(artifact) is None:
        return None
    return endpoints.read(workspace.verified_folder(artifact))


def few(spec: GenerateSpec) -> GenerateSpec:
    """The preview of a spec: some of the very rows that the whole run would ask."""
    return spec.model_copy(update={"rows": min(PREVIEW_ROWS, spec.rows)})


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
        known = (
            workspace.store.find_artifact(ref, "dataset") for ref in taught.taught_on(workspace, teacher.id)
        )
        unfit = (QUESTIONS, "pretraining")
        answered = [item for item in known if item and item.meta.get("task") not in unfit]
        if answered:
            found["like"] = answered[0].id
    followed = {**chosen, **found}.get("like") or data.id
    if not {"as_learnt", "system"} & chosen.keys() and taught.has_learnt(workspace, teacher.id, followed):
        found["as_learnt"] = True
    return found


def require_known(workspace: Workspace, spec: GenerateSpec, teacher: Artifact, data: Artifact) -> None:
    """Refuses to have questions answered freely by a model that learnt to answer otherwise.

    Raises:
        InputError: The data that it learnt from is no longer here, and nothing else says how to answer.
    """
    if data.meta.get("task") != QUESTIONS or spec.like or spec.task != "auto" or spec.system.strip():
        return
    known = taught.taught_on(workspace, teacher.id)
    if known and not any(workspace.store.find_artifact(ref, "dataset") for ref in known):
        raise InputError(
            f"How {teacher.name} is to answer {data.name} is not known.",
            why="The data that it learnt from was removed, and with it which labels there are.",
            fix="Name data with answers like those that it shall give: --like DATA; or have it answer "
            "freely: --set task=generation.",
            code="generate.forgotten",
        )
