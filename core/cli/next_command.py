"""What to do with a model that a run has made, as commands."""

from __future__ import annotations

import shlex

from core.models.nearness import Nearness, longer, of_result
from core.specs import PruneSpec
from core.workspace import taught
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def next_command(workspace: Workspace, run: Run, name: str) -> str:
    """The best next step with a run's new model, by its name."""
    model = shlex.quote(name)
    if run.kind == PruneSpec.kind and run.result.get("untaught"):
        teacher, data = (named(workspace, run.spec[field]) for field in ("model", "data"))
        return f"`slm-workbench distill --teacher {teacher} --student {model} --data {data}`"
    found = of_result(run.kind, run.state, run.result)
    if found is not None and found.is_far:
        return _bring_nearer(workspace, run, found)
    data = _to_measure_on(workspace, run, name)
    ways = [f"`slm-workbench chat {model}`"]
    if run.kind in taught.TEACHING:
        ways.append(f"`slm-workbench quantize {model}`")
    return ", or ".join([*ways, f"`slm-workbench evaluate {model} --data {data}`"])


def _to_measure_on(workspace: Workspace, run: Run, name: str) -> str:
    """The data that a new model has learnt from, else what the run read: its rows may be of another task."""
    learnt = taught.taught_on(workspace, workspace.artifact(name, "model").id)
    known = [ref for ref in learnt if workspace.store.find_artifact(ref, "dataset") is not None]
    ref = known[0] if known else run.spec.get("data")
    return named(workspace, str(ref)) if ref else "DATA"


def _bring_nearer(workspace: Workspace, run: Run, found: Nearness) -> str:
    """What helps a student that is far from its teacher."""
    ways = []
    data = named(workspace, run.spec["data"])
    if not found.ended_early:
        settings = " ".join(f"--set {field}={value:g}" for field, value in longer(run.spec).items())
        ways.append(f"let it learn longer (`slm-workbench runs repeat {run.id} {settings}`)")
    ways.append(f"get more examples (`slm-workbench generate --teacher MODEL --data {data}`)")
    untaught = [id for id in run.spec["teachers"] if not taught.is_taught(workspace, id)]
    if untaught:
        teacher = named(workspace, untaught[0])
        tune = f"slm-workbench finetune --model {teacher} --data {data}"
        ways.append(f"teach its teacher your task first (`{tune}`)")
    return ", or ".join(ways)


def named(workspace: Workspace, artifact_id: str) -> str:
    """An artifact by its name, as a terminal takes it."""
    found = workspace.store.find_artifact(artifact_id)
    return shlex.quote(found.name if found is not None else artifact_id)
