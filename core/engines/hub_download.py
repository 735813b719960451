"""Fetches files from the Hugging Face hub into the run's folder; what was begun goes on where it was."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JobError, WorkbenchError
from core.models import hub
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_LOOK_S = 0.2
_MARKS = 100  # how often what came is written down


def fetch(offer: hub.Offer, job: JobContext, *, data: bool = False) -> Path:
    """Downloads the files of an offer, and nothing else. Returns their folder.

    Raises:
        WorkbenchError: The hub refuses or is gone; a resumed run goes on with what is there.
        CancelledError: A stop was requested.
    """
    folder = job.folder / "download"
    folder.mkdir(exist_ok=True)
    job.log(f"From {offer.host}: {offer.reference}, licence {offer.licence}")
    job.phase("downloading", total=max(1, offer.bytes), unit="bytes")
    failure: list[BaseException] = []

    def work() -> None:
        try:
            _download(offer, folder, data=data)
        except BaseException as error:  # is raised again below, in the thread that reports
            failure.append(error)

    thread = threading.Thread(target=work, name="download", daemon=True)
    thread.start()
    marked = 0
    while thread.is_alive():
        thread.join(_LOOK_S)
        came = min(offer.bytes, _bytes_below(folder))
        if came > marked:
            marked = came + offer.bytes // _MARKS
            job.goes_on_after("bytes", came, offer.bytes)
        job.check_cancelled()
        job.progress(came)
    if failure:
        raise _explain(failure[0], offer, data=data)
    for name, size in offer.files:
        if size and (folder / name).stat().st_size != size:
            raise JobError(
                f"{name} did not come whole.", why="Its size is not what the hub said.", fix="Resume the run."
            )
    job.progress(max(1, offer.bytes))
    return folder


def done(job: JobContext) -> None:
    """Frees the space of a download that has been taken over."""
    durable.remove_folder(job.folder / "download")


def _download(offer: hub.Offer, folder: Path, *, data: bool) -> None:
    from huggingface_hub import constants, hf_hub_download

    for name, _size in offer.files:
        hf_hub_download(
            offer.reference.repo,
            name,
            repo_type="dataset" if data else "model",
            revision=offer.reference.revision,
            local_dir=folder,
            endpoint=hub.endpoint(),
            token=hub.token() or False,
        )
    constants.HF_HUB_OFFLINE = True  # from here on this process is as closed as every other


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # renamed meanwhile
            continue
    return total


def _explain(error: BaseException, offer: hub.Offer, *, data: bool) -> WorkbenchError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int) and status in (401, 403, 404):
        return hub.refusal(offer.reference, status, "datasets" if data else "models")
    return JobError(
        "The download broke off.",
        why=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}",
        fix="Resume the run; it goes on where it was.",
        code="hub.broken",
        details=str(error),
    )
