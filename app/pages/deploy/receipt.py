"""What a model's receipt says about using it, and what a person decided all the same."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import records
from core.workspace import overrides
from core.workspace.overrides import Override
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Verdict:
    """Whether a model may be used, and what is to be said about it.

    Attributes:
        is_refused: Whether its receipt is red and nobody has said why it is used anyway.
        reasons: Why it is refused, or what to know when it is not as good as its source.
        override: The decision to use it although its receipt is red.
    """

    is_refused: bool = False
    reasons: tuple[str, ...] = ()
    override: Override | None = None


def verdict(workspace: Workspace, artifact: Artifact) -> Verdict:
    """Reads the receipt of a model; one without a receipt may be used."""
    folder = workspace.artifact_folder(artifact.id)
    status = records.receipt_status(folder)
    if status in (None, "green"):
        return Verdict()
    if status == "red":
        decided = overrides.find(workspace, artifact)
        return Verdict(decided is None, records.refusal(folder), decided)
    try:
        said = records.read_json(folder / records.RECEIPT).get("reasons")
    except (OSError, ValueError):
        said = ["its receipt cannot be read"]
    return Verdict(False, tuple(str(text) for text in said) if isinstance(said, list) else ())
