"""How long a conversation may be, and when an export holds a shorter one than the model it was made from."""

from __future__ import annotations

from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

#: An adapter on an adapter on …: more than anyone makes, and an end where two name each other.
_DEPTH = 8


def longest(workspace: Workspace, artifact: Artifact) -> int:
    """Tokens of the longest conversation of a model, of an adapter those of its base; 0 when not known."""
    for _ in range(_DEPTH):
        said = artifact.meta.get("context")
        if isinstance(said, int) and said > 0:
            return said
        base = artifact.meta.get("base")
        found = workspace.store.find_artifact(base, "model") if isinstance(base, str) else None
        if found is None:
            return 0
        artifact = found
    return 0


def longest_before(workspace: Workspace, artifact: Artifact) -> int:
    """The same of the model that an export was made from, where that holds longer ones; else 0."""
    if artifact.meta.get("format") != "onnx":
        return 0
    made = workspace.store.maker(artifact)
    source = workspace.store.find_artifact(str(made.spec.get("model")), "model") if made is not None else None
    before = longest(workspace, source) if source is not None else 0
    return before if before > longest(workspace, artifact) else 0
