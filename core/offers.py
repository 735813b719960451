"""What a job would ask of a teacher, and what that costs, before anything is sent: for whoever must agree."""

from __future__ import annotations

from dataclasses import dataclass

from core.data.dataset import Dataset
from core.data.generating import plan, presets
from core.data.generating.estimate import Estimate, estimate
from core.jobs import keys
from core.models import endpoints
from core.models.endpoints import Endpoint
from core.specs import GenerateSpec
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


def offer(workspace: Workspace, spec: GenerateSpec) -> Offer:
    """Looks at what a spec would ask.

    Raises:
        InputError: The data does not suit the task.
    """
    teacher, data = workspace.artifact(spec.teacher, "model"), workspace.artifact(spec.data, "dataset")
    held = Dataset(workspace.verified_folder(data))
    work = presets.assign(spec, held.info)
    found = estimate(plan.prompts(held, spec, work), spec, work)
    endpoint = None
    if keys.account_of(teacher) is not None:
        endpoint = endpoints.read(workspace.verified_folder(teacher))
    return Offer(teacher, data.name, endpoint, found)


def few(spec: GenerateSpec) -> GenerateSpec:
    """The preview of a spec: some of the very rows that the whole run would ask."""
    return spec.model_copy(update={"rows": min(PREVIEW_ROWS, spec.rows)})
