"""What a job would ask of a teacher, and what that costs, before anything is sent: for whoever must agree."""

from __future__ import annotations

from dataclasses import dataclass

from core.data.dataset import Dataset
from core.data.generating import plan, presets
from core.data.generating.estimate import Estimate, estimate, estimate_marks
from core.data.spread import evenly
from core.jobs import keys
from core.models import endpoints
from core.models.endpoints import Endpoint
from core.specs import EvaluateSpec, GenerateSpec, Spec
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
    held = Dataset(workspace.verified_folder(data))
    like = None
    if spec.like:
        like = Dataset(workspace.verified_folder(workspace.artifact(spec.like, "dataset"))).info
    work = presets.assign(spec, held.info, like)
    found = estimate(plan.prompts(held, spec, work, like), spec, work)
    return Offer(teacher, data.name, _endpoint(workspace, teacher), found)


def _endpoint(workspace: Workspace, artifact: Artifact) -> Endpoint | None:
    if keys.account_of(artifact) is None:
        return None
    return endpoints.read(workspace.verified_folder(artifact))


def few(spec: GenerateSpec) -> GenerateSpec:
    """The preview of a spec: some of the very rows that the whole run would ask."""
    return spec.model_copy(update={"rows": min(PREVIEW_ROWS, spec.rows)})
