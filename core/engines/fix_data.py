"""Makes a better version of a data set; the old one stays as it is."""

from __future__ import annotations

from core.data.dataset import Dataset
from core.data.quality.fixing import Fixing
from core.engines.model_tokens import tokens_of
from core.jobs.context import JobContext
from core.specs import FixDataSpec
from core.workspace import manifest


def run(spec: FixDataSpec, job: JobContext) -> None:
    """Builds the new version in a staging folder and hands it over.

    Raises:
        InputError: A fix does not suit the data, or leaves nothing to learn from.
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def progress(done: int, total: int) -> None:
        job.check_cancelled()
        job.progress(done, total)

    job.phase("fixing")
    source = job.input(spec.data)
    folder = job.stage("dataset")
    tokens = tokens_of(job, spec.model)
    info = Fixing(Dataset(source), spec, manifest.read(source).digest, progress, tokens).write(folder)
    assert info.made_from is not None
    for step in info.made_from.steps:
        job.log(step.sentence)
    job.artifact(
        "dataset",
        folder,
        spec.name,
        {
            "task": info.task,
            "counts": info.counts,
            "labels": len(info.labels) if info.labels is not None else None,
        },
    )
    job.result(
        counts=info.counts,
        left_out=info.split.left_out,
        steps=[step.model_dump(mode="json") for step in info.made_from.steps],
    )
