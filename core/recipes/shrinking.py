"""Prune a part, learn again from the whole model, repeat: written as a recipe, so that it runs like any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.errors import InputError
from core.models.pruning import budget, refusal, rounds, vocabulary
from core.models.pruning.sizes import Cut
from core.recipes.reading import VERSION
from core.specs import DistillSpec, PruneSpec
from core.workspace import durable
from core.workspace.workspace import Workspace, check_name

_HEAD = """\
# Cut a part, learn again from the whole model, repeat. Run it, or go on with it, by
#   slm-workbench run {path}
"""


def plan(workspace: Workspace, spec: PruneSpec, count: int) -> list[Cut]:
    """What stays after each round, as far as it is known before the data's tokens are counted.

    Raises:
        InputError: It cannot be cut so.
    """
    if spec.target_ms is not None:
        raise InputError(
            "Rounds and a target time do not go together.",
            why="How much goes for a time is measured when the run is at work, too late to plan rounds.",
            fix="Set target_mb, or layers and neurons.",
            code="prune.rounds",
        )
    model = workspace.artifact(spec.model, "model")
    folders = refusal.folders_of(workspace, model)
    refusal.refuse(workspace, spec)
    sizes = refusal.check(spec, folders, model.name)
    tokens = sizes.whole.tokens
    if spec.vocabulary == "data":
        tokens = min(tokens, vocabulary.fewest(vocabulary.document_of(folders)))
    wished = budget.plan(spec, sizes, tokens, model.name)
    return rounds.between(sizes.whole, wished, count)


def write(
    workspace: Workspace, spec: PruneSpec, count: int, name: str, learning: Mapping[str, Any]
) -> tuple[Path, list[Cut]]:
    """Writes the recipe below the workspace, where the same wish finds it again. Returns it and its rounds.

    Args:
        workspace: Where model and data are.
        spec: What is to be left of the model at the end.
        count: In how many rounds, at most.
        name: How the last student will be called.
        learning: Fields of the `DistillSpec` of every round that differ from the defaults.

    Raises:
        InputError: It cannot be cut so, or another recipe has that name.
    """
    name = check_name(name)
    teacher = workspace.artifact(spec.model, "model")
    data = workspace.artifact(spec.data, "dataset")
    cuts = plan(workspace, spec, count)
    sizes = refusal.check(spec, refusal.folders_of(workspace, teacher), teacher.name)
    shared = {
        key: value
        for key, value in spec.model_dump(mode="json").items()
        if key in ("calibration_rows", "seed", "threads") and value != PruneSpec.model_fields[key].default
    }
    steps: list[dict[str, Any]] = []
    before, student = sizes.whole, teacher.name
    for number, cut in enumerate(cuts, 1):
        is_last = number == len(cuts)
        made = name if is_last else f"{name}-{number}"
        wish = rounds.settings(before, cut)
        if is_last and spec.target_mb is not None:  # only the job knows how many tokens really stay
            wish = {key: value for key, value in wish.items() if key == "vocabulary"}
            wish["target_mb"] = spec.target_mb
        values = {"model": student, "data": data.name, **wish, **shared}
        steps.append({"name": f"{made}-cut", "kind": PruneSpec.kind, "set": values})
        lesson = {"model": f"{made}-cut", "teachers": [teacher.name], "data": data.name, **learning}
        steps.append({"name": made, "kind": DistillSpec.kind, "set": lesson})
        before, student = cut, made
    path = workspace.root / "recipes" / f"{name}.yaml"
    document = {"version": VERSION, "title": f"{name}: {len(cuts)} × cut and learn", "steps": steps}
    text = _HEAD.format(path=path) + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise InputError(
            f"There is another recipe called {name}.",
            why=f"{path} cuts or learns otherwise.",
            fix="Choose another name, or remove that file.",
            code="name.taken",
        )
    path.parent.mkdir(exist_ok=True)
    durable.write_text(path, text)
    return path, cuts
