"""Downloads a model from the Hugging Face hub, then checks and keeps it as any model from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.engines import add_model, hub_download
from core.models import hub
from core.specs import DownloadModelSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run(spec: DownloadModelSpec, job: JobContext) -> None:
    """Asks what there is, fetches it, and goes on as `add_model` does with a folder.

    Raises:
        InputError: The hub refuses, or what came is unsafe, broken or unknown.
    """
    offer = hub.model_offer(hub.parse(spec.source))
    folder = hub_download.fetch(offer, job)
    note = f"Downloaded from {offer.host}: {offer.reference}"
    add_model.keep(spec, job, folder, origin=str(offer.reference), licence=offer.licence, note=note)
    hub_download.done(job)
