"""Specs of the jobs that fetch something from the Hugging Face hub, which only a person's yes starts."""

from __future__ import annotations

from typing import ClassVar

from core.specs.base import Option
from core.specs.data import ImportDataSpec
from core.specs.models import AddModelSpec


class DownloadModelSpec(AddModelSpec):
    """Downloads a model from the Hugging Face hub and takes it into the library after the usual checks."""

    kind: ClassVar[str] = "download_model"
    title: ClassVar[str] = "Download model"

    source: str = Option(label="Source", help="hf:OWNER/NAME or hf:OWNER/NAME@REVISION.")


class DownloadDataSpec(ImportDataSpec):
    """Downloads a file of examples from the Hugging Face hub, checks it, splits it in three and keeps it."""

    kind: ClassVar[str] = "download_data"
    title: ClassVar[str] = "Download data"

    source: str = Option(label="File", help="hf:OWNER/NAME:FILE or hf:OWNER/NAME@REVISION:FILE.")
