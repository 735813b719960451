"""Opens whoever answers: a model of the library in this process, or an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.engines.generating.teacher import Teacher
from core.models import endpoints, records
from core.models.endpoints import Endpoint
from core.specs import GenerateSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def endpoint_of(spec: GenerateSpec, job: JobContext) -> Endpoint | None:
    """Where the teacher is; None for a model of this computer."""
    folder = job.input(spec.teacher)
    return endpoints.read(folder) if records.describe(folder).format == endpoints.FORMAT else None


def teacher(spec: GenerateSpec, job: JobContext, endpoint: Endpoint | None) -> Teacher:
    """The teacher, ready to be asked."""
    if endpoint is not None:
        from core.engines.generating.remote import RemoteTeacher

        return RemoteTeacher(spec, endpoint, job.key(spec.teacher), job)
    from core.engines.generating.local import LocalTeacher

    job.phase("loading")
    return LocalTeacher(spec, job)
