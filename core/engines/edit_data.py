"""Makes a new version of a data set from what a person changed; the old one stays as it is."""

from __future__ import annotations

from pathlib import Path

from core.data import editing
from core.data.dataset import Dataset, DatasetInfo
from core.engines import versions
from core.jobs.context import JobContext
from core.specs import EditDataSpec


def run(spec: EditDataSpec, job: JobContext) -> None:
    """Writes the rows as they were changed.

    Raises:
        InputError: A change does not fit the data, or leaves nothing to learn from.
        CancelledError: A stop was requested; half a data set is worth nothing.
    """

    def write(data: Dataset, digest: str, folder: Path, progress: versions.Progress) -> DatasetInfo:
        info = editing.write(data, spec, digest, folder, progress)
        new = editing.new_labels(data.info, info)
        if new:
            said = "A new label" if len(new) == 1 else f"{len(new)} new labels"
            job.warn(f"{said}: {', '.join(map(repr, new))}. Correct what is a typing error.")
        return info

    versions.make(job, spec.data, spec.name, "copying", write)
