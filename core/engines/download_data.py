"""Downloads a file of examples from the Hugging Face hub, then imports it as any file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.engines import hub_download, import_data
from core.models import hub
from core.specs import DownloadDataSpec, ImportDataSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run(spec: DownloadDataSpec, job: JobContext) -> None:
    """Asks what there is, fetches one file, and goes on as `import_data` does.

    Raises:
        InputError: The hub refuses, or the file cannot be taken as it is.
    """
    offer = hub.data_offer(hub.parse(spec.source))
    folder = hub_download.fetch(offer, job, data=True)
    file = folder / offer.reference.file
    import_data.run(ImportDataSpec.model_validate({**spec.model_dump(), "source": str(file)}), job)
    hub_download.done(job)
