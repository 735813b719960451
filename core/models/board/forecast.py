"""How long it takes to measure what has no figures yet, by the pace of what answered the same rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from core.models.report import ModelFigures
from core.specs import EvaluateSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_PROMPTS, _REPEATS = (int(EvaluateSpec.model_fields[name].default) for name in ("latency_prompts", "repeats"))


def rows_of(data: Artifact, split: str, limit: int | None = None) -> int:
    """Rows that a model is asked; a document counts once, though it is read in pieces."""
    count = int((data.meta.get("counts") or {}).get(split) or 0)
    return min(count, limit) if limit else count


def seconds(
    workspace: Workspace, models: Sequence[str], rows: int, known: Sequence[ModelFigures]
) -> float | None:
    """Time to measure models on so many rows each; None where nothing was measured on them.

    A model goes on at its own pace; another at that of its kind, by bytes of weights. Of the models of the
    headline's evaluation (44 to 544 MB, float32 to int4) seconds a row and GB differ by a factor of two.

    Args:
        workspace: Where the models are.
        models: Ids; `M:A` is the adapter A that the exported model M serves.
        rows: Rows that each answers.
        known: Figures of models that answered rows of the same data.
    """
    measured = [figures for figures in known if figures.quality.n and figures.bytes_on_disk]
    if not measured:
        return None
    answers = rows + min(_PROMPTS, rows) * _REPEATS
    return sum(_answer_s(workspace, model, measured) for model in models) * answers


def _answer_s(workspace: Workspace, model: str, measured: Sequence[ModelFigures]) -> float:
    own = [_pace(figures) for figures in measured if figures.id == model]
    if own:
        return own[0]
    artifact = workspace.artifact(model.partition(":")[0], "model")
    kind = _kind(str(artifact.meta.get("format") or ""))
    alike = [figures for figures in measured if _kind(figures.kind) == kind] or measured
    a_byte = statistics.median(_pace(figures) / figures.bytes_on_disk for figures in alike)
    return a_byte * _bytes(workspace, artifact)


def _pace(figures: ModelFigures) -> float:
    """Seconds an answer, those included that are timed one by one."""
    timed = figures.timing.prompts * figures.timing.repeats if figures.timing else 0
    asked = figures.general.questions if figures.general else 0
    return figures.seconds / (figures.quality.n + timed + asked)


def _kind(format: str) -> str:
    """An adapter runs as its base does."""
    return "hf" if format == "adapter" else format


def _bytes(workspace: Workspace, artifact: Artifact) -> int:
    """Its files; an adapter counts with its base, as in its figures."""
    base = workspace.store.find_artifact(str(artifact.meta.get("base") or ""))
    with_base = artifact.meta.get("format") == "adapter" and base is not None
    return artifact.bytes + (_bytes(workspace, base) if with_base and base is not None else 0)
