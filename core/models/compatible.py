"""Which adapters can be merged, seen from their small files alone, so that it is said before a run exists."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError
from core.models import methods, records
from core.specs import MergeSpec
from core.workspace.workspace import Workspace

_SAME_RANK = ("linear", "ties", "dare_ties")


def refuse(workspace: Workspace, spec: MergeSpec) -> None:
    """Refuses a merge that cannot work.

    Raises:
        InputError: The models do not go together.
        IntegrityError: A folder is no model.
    """
    models = [workspace.artifact(ref, "model") for ref in spec.models]
    for item in models:
        records.describe_stored(workspace, item.id)
    require(spec, [workspace.artifact_folder(m.id) for m in models], [m.name for m in models])


def require(spec: MergeSpec, folders: Sequence[Path], names: Sequence[str]) -> str:
    """Refuses what cannot be merged. Returns the id of the base.

    Args:
        spec: What is wished.
        folders: The models, in its order.
        names: What they are called.

    Raises:
        InputError: A model is no adapter, the bases differ, or the kinds or ranks do not go together.
        IntegrityError: A folder is no model.
    """
    said = [records.describe(folder) for folder in folders]
    for item, name in zip(said, names, strict=True):
        if item.format != "adapter" or item.base is None:
            raise InputError(
                f"{name} cannot be merged.",
                why="It is not an adapter, so there is nothing beside it to merge.",
                fix="Choose adapters. This makes one: "
                f"`slm-workbench finetune --model {shlex.quote(name)} --data DATA --method lora`.",
                code="merge.not_adapter",
            )
    if len({item.base for item in said}) > 1:
        raise InputError(
            "These adapters cannot be merged with each other.",
            why="They stand on different base models, and what one changes is not there in the other.",
            fix="Choose adapters over one base.",
            code="merge.other_base",
        )
    kinds = [methods.kind_of(folder) for folder in folders]
    alone = spec.makes_model and len(folders) == 1
    other = next((at for at, kind in enumerate(kinds) if kind != "lora"), None)
    if other is not None and (not alone or spec.shares != (1.0,)):
        name, kind = names[other], methods.NAMES[kinds[other]]
        raise InputError(
            f"{name} can only be merged whole, alone and into its base.",
            why=f"It is a {kind} adapter: it scales weights, and scales do not add up.",
            fix=f"Merge {name} alone into a model, or choose LoRA adapters.",
            code="merge.kind",
        )
    ranks = [records.read_json(folder / "adapter_config.json").get("r") for folder in folders]
    if spec.how in _SAME_RANK and len(set(ranks)) > 1:
        raise InputError(
            f"{spec.how} needs adapters of one rank.",
            why="Theirs are " + ", ".join(map(str, ranks)) + ".",
            fix="Use cat or svd, which take any.",
            code="merge.rank",
        )
    return str(said[0].base)
