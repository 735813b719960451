"""Makes a better version of a data set; the old one stays as it is."""

from __future__ import annotations

from pathlib import Path

from core.data.dataset import Dataset, DatasetInfo
from core.data.quality.fixing import Fixing
from core.engines import versions
from core.engines.model_tokens import tokens_of
from core.jobs.context import JobContext
from core.specs import FixDataSpec


def run(spec: FixDataSpec, job: JobContext) -> None:
    """Writes the rows that the fixes leave.

    Raises:
        InputError: A fix does not suit the data, or leaves nothing to learn from.
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def write(data: Dataset, digest: str, folder: Path, progress: versions.Progress) -> DatasetInfo:
        return Fixing(data, spec, digest, progress, tokens_of(job, spec.model)).write(folder)

    versions.make(job, spec.data, spec.name, "fixing", write)
