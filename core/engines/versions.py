"""A new version of a data set, on its way from a job into the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.data.dataset import Dataset, DatasetInfo
from core.jobs.context import JobContext
from core.workspace import manifest

#: Told how many rows of how many are done; raises when a stop was requested.
Progress = Callable[[int, int], None]
#: Writes the new version of a data set, whose manifest has this digest, into a folder.
Write = Callable[[Dataset, str, Path, Progress], DatasetInfo]


def make(job: JobContext, data: str, name: str, phase: str, write: Write) -> None:
    """Builds the new version in a staging folder, says what was done, and hands it over.

    Args:
        job: Whose run it is.
        data: Id of the data set that it is a version of.
        name: How it will be called; empty takes the run's.
        phase: What is being done, in a word.
        write: Does it.

    Raises:
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def progress(done: int, total: int) -> None:
        job.check_cancelled()
        job.progress(done, total)

    job.phase(phase)
    source = job.input(data)
    folder = job.stage("dataset")
    info = write(Dataset(source), manifest.read(source).digest, folder, progress)
    assert info.made_from is not None
    for step in info.made_from.steps:
        job.log(step.sentence)
    labels = len(info.labels) if info.labels is not None else None
    job.artifact("dataset", folder, name, {"task": info.task, "counts": info.counts, "labels": labels})
    job.result(
        counts=info.counts,
        left_out=info.split.left_out,
        steps=[step.model_dump(mode="json") for step in info.made_from.steps],
    )
