"""Looks closer at a data set; what it finds stays in the run's folder and is not looked for twice."""

from __future__ import annotations

from core.data.dataset import Dataset
from core.data.quality.findings import FILE
from core.data.quality.inspection import inspect
from core.engines.model_tokens import tokens_of
from core.jobs.context import JobContext
from core.specs import InspectDataSpec
from core.workspace import durable, manifest


def run(spec: InspectDataSpec, job: JobContext) -> None:
    """Writes the report.

    Raises:
        CancelledError: A stop was requested; half a look is worth nothing.
    """

    def progress(done: int, total: int) -> None:
        job.check_cancelled()
        job.progress(done, total)

    job.phase("looking")
    folder = job.input(spec.data)
    tokens = tokens_of(job, spec.model)
    report = inspect(Dataset(folder), spec, manifest.read(folder).digest, progress, tokens)
    durable.write_json(job.folder / FILE, report.model_dump(mode="json"))
    job.result(
        digest=report.digest,
        findings={
            finding.id: {"severity": finding.severity, "count": finding.count} for finding in report.findings
        },
    )
