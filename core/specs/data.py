"""Specs of the jobs that make data sets."""

from __future__ import annotations

from typing import ClassVar

from core.specs.base import SEED_HELP, Option, Spec


class ImportDataSpec(Spec):
    """Reads a file of examples, checks it, splits it in three and keeps it."""

    kind: ClassVar[str] = "import_data"
    title: ClassVar[str] = "Add data"

    source: str = Option(label="File", help="The file with your examples.")
    source_sha256: str = Option("", label="Content hash", help="SHA-256 of the file.", advanced=True)
    name: str = Option(label="Name", help="How you will call this data set.")
    roles: dict[str, str] = Option(
        {}, label="Columns", help="Which column is the question, the answer or the label; empty guesses."
    )
    test_source: str | None = Option(
        None, label="Test file", help="A separate file whose rows are kept for the final figure."
    )
    test_sha256: str = Option("", label="Test hash", help="SHA-256 of the test file.", advanced=True)
    validation_fraction: float = Option(
        0.1,
        label="Validation share",
        help="Share of the training rows watched while learning.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    test_fraction: float = Option(
        0.1,
        label="Test share",
        help="Share kept for the final figure when there is no test file.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
