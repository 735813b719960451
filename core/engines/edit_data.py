"""Makes a new version of a data set from what a person changed; the old one stays as it is."""

from __future__ import annotations

from core.data import editing
from core.data.dataset import Dataset
from core.jobs.context import JobContext
from core.specs import EditDataSpec
from core.workspace import manifest


def run(spec: EditDataSpec, job: JobContext) -> None:
    """Builds the new version in a staging folder and hands it over.

    Raises:
        InputError: A change does not fit the data, or leaves nothing to learn from.
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def progress(done: int, total: int) -> None:
        job.check_cancelled()
        job.progress(done, total)

    job.phase("copying")
    source = job.input(spec.data)
    folder = job.stage("dataset")
    info = editing.write(Dataset(source), spec, manifest.read(source).digest, folder, progress)
    assert info.made_from is not None
    job.log(info.made_from.steps[0].sentence)
    labels = len(info.labels) if info.labels is not None else None
    job.artifact("dataset", folder, spec.name, {"task": info.task, "counts": info.counts, "labels": labels})
    job.result(
        counts=info.counts,
        left_out=info.split.left_out,
        steps=[step.model_dump(mode="json") for step in info.made_from.steps],
    )
