"""Models that a person uses although their receipt is red: why, and since when, is written down first.

`overrides.jsonl` in the workspace only grows. A model that is made again is another one and asked about anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from core.errors import InputError
from core.workspace import durable
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

NAME = "overrides.jsonl"
_SHORTEST = 8  # letters; "ok" is no reason


@dataclass(frozen=True)
class Override:
    """One decision.

    Attributes:
        artifact: The model's id.
        name: Its name at that time.
        digest: Its manifest's digest: the decision is about these bytes.
        why: The person's reason.
        reasons: What the receipt said.
        at: When, in Unix seconds.
    """

    artifact: str
    name: str
    digest: str
    why: str
    reasons: tuple[str, ...]
    at: float


def reason_fault(why: str) -> str:
    """What is wrong with a reason; empty when it will do."""
    return "" if len(why.strip()) >= _SHORTEST else "Say in a few words why."


def add(workspace: Workspace, artifact: Artifact, why: str, reasons: Sequence[str]) -> Override:
    """Writes a decision down; when this returns, it is on the disk.

    Raises:
        InputError: There is no reason worth the name.
    """
    if fault := reason_fault(why):
        raise InputError(
            f"{artifact.name} is not used without a reason.",
            why="Its receipt is red: " + "; ".join(reasons),
            fix=fault,
            code="override.reason",
        )
    made = Override(artifact.id, artifact.name, artifact.digest, why.strip(), tuple(reasons), time.time())
    durable.append_line(workspace.root / NAME, json.dumps(asdict(made), ensure_ascii=False))
    return made


def find(workspace: Workspace, artifact: Artifact) -> Override | None:
    """The newest decision about a model as it is now."""
    key = (artifact.id, artifact.digest)
    return next((item for item in reversed(listed(workspace)) if (item.artifact, item.digest) == key), None)


def used_anyway(workspace: Workspace, artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    """Ids of those about which there is a decision."""
    decided = {(item.artifact, item.digest) for item in listed(workspace)}
    return tuple(artifact.id for artifact in artifacts if (artifact.id, artifact.digest) in decided)


def listed(workspace: Workspace) -> list[Override]:
    """All decisions, oldest first; a line that a crash cut off never counted."""
    path = workspace.root / NAME
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            values = json.loads(line)
            found.append(Override(**{**values, "reasons": tuple(values["reasons"])}))
        except (ValueError, TypeError, KeyError):
            continue
    return found
