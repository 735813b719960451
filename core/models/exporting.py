"""What cannot be exported is said before a run exists, from the model's small files alone."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError
from core.models import architectures, records, targets
from core.models.pruning import refusal
from core.models.quantizing import least, sizes
from core.models.quantizing.recipes import BLOCK, RECIPES
from core.specs import QuantizeSpec
from core.workspace.workspace import Workspace

#: Recipes whose weights are rounded before the builder, in blocks that must fill a row.
_ROUNDED = frozenset(name for name, recipe in RECIPES.items() if recipe.algorithm not in ("builder", ""))


def refuse(workspace: Workspace, spec: QuantizeSpec) -> None:
    """Looks at the whole model beneath, at the target, and at the size that is allowed.

    Raises:
        InputError: The export could not be built, or not run here.
    """
    targets.require(spec.target)
    folder = refusal.folders_of(workspace, workspace.artifact(spec.model, "model"))[-1]
    if not (folder / "config.json").exists():
        return
    config = records.read_json(folder / "config.json")
    said = records.describe(folder)
    name = said.name or folder.name
    named = config.get("architectures") or [said.architecture]
    architecture = str(named[0])
    if why := architectures.obstacle(architecture):
        raise InputError(
            f"{name} cannot be quantized.",
            why=f"{architecture} is {why}.",
            fix=f"Choose a model of one of these families: {architectures.names()}.",
            code="architecture.unknown",
        )
    if rotation := architectures.rotation_obstacle(architecture, config):
        raise InputError(
            f"{name} cannot be quantized.",
            why=f"It turns positions in a way ({rotation}) that ONNX Runtime GenAI 0.18 cannot build.",
            fix="Choose a version of the model with a shorter context; it usually turns them plainly.",
            code="architecture.rotation",
        )
    for key in ("hidden_size", "intermediate_size"):
        size = config.get(key)
        block = BLOCK if spec.block == "auto" else spec.block
        if spec.recipe in _ROUNDED and isinstance(size, int) and size % block:
            raise InputError(
                f"{name} cannot be rounded in blocks of {block}.",
                why=f"Its {key} is {size}.",
                fix="Use the recipe int4, which fills the last block up, or fp32.",
                code="quantize.blocks",
            )
    if spec.recipe == "search" and spec.max_mb is not None:
        _require_room(folder, round(spec.max_mb * 1e6))


def _require_room(folder: Path, limit: int) -> None:
    """Refuses a size below what 4 bits everywhere take."""
    try:
        found = least.with_report(sizes.read(folder))
    except (OSError, ValueError):
        return  # a damaged file is the run's to name
    if found.layers and least.can_be_searched(found):
        least.require_room(found, limit)
