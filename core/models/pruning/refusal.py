"""What `prune` refuses before a run is queued, because no weights are needed to see that it cannot work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError
from core.models import records
from core.models.pruning import budget, sizes, vocabulary
from core.models.pruning.sizes import Sizes
from core.specs import PruneSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

#: An adapter on an adapter on …: more than anyone makes, and an end where two name each other.
_DEPTH = 8


def refuse(workspace: Workspace, spec: PruneSpec) -> None:
    """Refuses a pruning that cannot work.

    Raises:
        InputError: The model cannot be cut, or not so; or the data cannot show what it needs.
        IntegrityError: A folder of the model is damaged.
    """
    model, data = workspace.artifact(spec.model, "model"), workspace.artifact(spec.data, "dataset")
    require_suitable(workspace, model, data)
    check(spec, folders_of(workspace, model), model.name)


def require_suitable(workspace: Workspace, model: Artifact, data: Artifact) -> None:
    """Refuses a model and data with which no settings help.

    Raises:
        InputError: The data has no rows that the model could be measured on, or the model cannot read them.
        IntegrityError: A folder of the model is damaged.
    """
    counts = data.meta.get("counts")
    if isinstance(counts, dict) and counts.get("train") == 0:
        raise no_rows()
    folders = folders_of(workspace, model)
    prunable(folders, model.name)
    talks = data.meta.get("task") != "pretraining"
    if talks and not (folders[0] / records.TEMPLATE).is_file():
        raise InputError(
            f"{model.name} has no chat template.",
            why="Without one it does not know how the conversations of the data look.",
            fix="Choose an instruct or chat version of the model.",
            code="model.template",
        )


def check(spec: PruneSpec, folders: Sequence[Path], name: str) -> Sizes:
    """The sizes of a model that can be cut as it is wished, as far as its small files say.

    Args:
        spec: What is wished.
        folders: The model's own, and of an adapter what it stands on, the nearest first.
        name: The model's name, for a refusal.

    Raises:
        InputError: It cannot.
    """
    found = prunable(folders, name)
    tokens = found.whole.tokens
    if spec.vocabulary == "data":
        document = vocabulary.document_of(folders)
        vocabulary.require_byte_level(document, name)
        tokens = min(tokens, vocabulary.fewest(document))
    budget.plan(spec, found, tokens, name)
    return found


def prunable(folders: Sequence[Path], name: str) -> Sizes:
    """The sizes of a model of which something can be left out.

    Raises:
        InputError: Nothing can: it is exported, or built otherwise.
    """
    if records.describe(folders[0]).format == "onnx":
        raise InputError(
            f"{name} cannot be pruned.",
            why="It is an exported, quantized model; its weights can no longer be cut.",
            fix="Prune the model that it was made from, then quantize the result.",
            code="prune.exported",
        )
    return sizes.read(folders[-1], name)


def folders_of(workspace: Workspace, model: Artifact) -> tuple[Path, ...]:
    """A model's folder, and of an adapter those that it stands on, the nearest first.

    Raises:
        InputError: A base is not known, or the chain has no end.
        IntegrityError: One of them is no model.
    """
    found = [workspace.artifact_folder(model.id)]
    said = records.describe_stored(workspace, model.id)
    while said.format == "adapter":
        base = workspace.store.find_artifact(said.base, "model") if said.base else None
        if base is None or len(found) > _DEPTH:
            raise InputError(
                f"The base of {model.name} is not known.",
                why="An adapter is only half a model.",
                fix="Add the base model, then make the adapter again.",
                code="model.base",
            )
        found.append(workspace.artifact_folder(base.id))
        said = records.describe_stored(workspace, base.id)
    return tuple(found)


def no_rows() -> InputError:
    """The refusal of data without training rows."""
    return InputError(
        "There are no training rows.",
        why="What a model needs is measured on the data's training rows, and that part is empty.",
        fix="Add data with at least a few dozen rows, or keep fewer of them for validation and test.",
        code="prune.rows",
    )
