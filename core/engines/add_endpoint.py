"""Takes note of a model on another computer; nothing is sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models import endpoints, records
from core.models.endpoints import Endpoint
from core.specs import AddEndpointSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run(spec: AddEndpointSpec, job: JobContext) -> None:
    """Writes the record.

    Raises:
        InputError: The address is none, or would send a key in the open.
    """
    job.phase("preparing")
    endpoint = Endpoint(
        url=endpoints.normalised(spec.url),
        model=spec.model.strip(),
        price_in=spec.price_in,
        price_out=spec.price_out,
    )
    folder = job.stage("model")
    endpoints.write(folder, endpoint)
    records.write(
        folder,
        records.Description(
            format=endpoints.FORMAT,
            name=spec.name,
            source=endpoint.url,
            note=f"answers at {endpoint.host}; your prompts are sent there",
        ),
    )
    # what the parent needs to know before it starts a child: whose key, and what it costs
    job.artifact("model", folder, spec.name, {"endpoint": endpoint.model_dump(mode="json")})
