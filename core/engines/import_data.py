"""Reads a file of examples, checks it, splits it in three and keeps it."""

from __future__ import annotations

from core.data import dataset
from core.jobs.context import JobContext
from core.specs import ImportDataSpec


def run(spec: ImportDataSpec, job: JobContext) -> None:
    """Builds the data set in a staging folder and hands it over.

    Raises:
        Refusal: The file cannot be taken as it is; nothing is kept.
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def progress(done: int, total: int) -> None:
        job.check_cancelled()
        job.progress(done, total)

    job.phase("reading", unit="bytes")
    folder = job.stage("dataset")
    info = dataset.build(spec, folder, progress)
    for warning in info.check.warnings:
        job.warn(warning)
    job.artifact(
        "dataset",
        folder,
        spec.name,
        {
            "task": info.task,
            "counts": info.counts,
            "labels": len(info.labels) if info.labels is not None else None,
            "instruction": info.instruction,
        },
    )
    job.result(
        task=info.task,
        roles=info.roles,
        counts=info.counts,
        left_out=info.split.left_out,
        warnings=info.check.warnings,
    )
