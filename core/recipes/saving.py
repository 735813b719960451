"""Writes a run as a recipe: this job alone, or with everything it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from core.data import starter
from core.errors import InputError
from core.jobs.registry import KINDS, kind_of
from core.recipes.reading import VERSION
from core.recipes.recipe import STARTER, reference_fields
from core.recipes.steps import paths_of
from core.workspace import durable
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_HEAD = """\
# A recipe of SLM Workbench: jobs in their order. Run it with
#   slm-workbench run {file}
# Names stand for what earlier steps make, or for what the workspace already has.
"""


def save(workspace: Workspace, run: Run, path: Path, *, with_inputs: bool = False) -> list[str]:
    """Writes the recipe of a run to a file that is not there yet. Returns the names of its steps.

    Args:
        workspace: Where the run lives.
        run: Any run whose job leaves something.
        path: A new file.
        with_inputs: Also the jobs that made its inputs, and so on back to the first.

    Raises:
        InputError: The file exists, or the run cannot be run again.
    """
    if path.exists():
        raise InputError(f"{path} exists already.", fix="Choose another file name.", code="file.exists")
    document = describe(workspace, run, with_inputs=with_inputs, folder=path.parent)
    text = _HEAD.format(file=path.name) + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_text(path, text)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written.", why=str(error), fix="Choose a folder that you may write to."
        ) from error
    return [str(step["name"]) for step in document["steps"]]


def describe(
    workspace: Workspace, run: Run, *, with_inputs: bool, folder: Path | None = None
) -> dict[str, Any]:
    """A run as the plain data of a recipe; paths below `folder` are written from there.

    Raises:
        InputError: It is of a kind that leaves nothing, or of another version.
    """
    writer = _Writer(workspace, with_inputs, folder)
    writer.add(run, _name_of(workspace, run))
    inputs = [
        {"name": item.name, "type": item.type, "digest": item.digest} for item in writer.inputs.values()
    ]
    return {
        "version": VERSION,
        "title": run.name,
        **({"inputs": inputs} if inputs else {}),
        "steps": writer.steps,
    }


def _name_of(workspace: Workspace, run: Run) -> str:
    made = [item for item in workspace.store.artifacts(run_id=run.id) if item.type == kind_of(run.kind).makes]
    return made[0].name if made else run.name


class _Writer:
    """Collects steps, the earliest first."""

    def __init__(self, workspace: Workspace, with_inputs: bool, folder: Path | None) -> None:
        self._workspace = workspace
        self._with_inputs = with_inputs
        self._folder = folder.absolute() if folder is not None else None
        self._written: set[str] = set()
        self.steps: list[dict[str, Any]] = []
        self.inputs: dict[str, Artifact] = {}

    def add(self, run: Run, name: str) -> None:
        """A run, after those that made what it uses."""
        if run.id in self._written:
            return
        self._written.add(run.id)
        kind = KINDS.get(run.kind)
        if kind is None or not kind.makes:
            raise InputError(
                f"The run {run.id} cannot be saved as a recipe.",
                why=f"A job of the kind {run.kind} leaves nothing that could be made again.",
                fix="Choose another run.",
                code="recipe.kind",
            )
        values = dict(run.spec)
        for field, type in reference_fields(kind.spec, values).items():
            value = values.get(field)
            if isinstance(value, str):
                values[field] = self._use(value, type, run)
            elif value:
                values[field] = [self._use(ref, type, run) for ref in value]
        for field in paths_of(kind_of(run.kind).spec):
            if isinstance(values.get(field), str):
                values[field] = self._path(values[field])
        values.pop("name", None)  # the step's own
        self.steps.append({"name": name, "kind": run.kind, "set": values})

    def _use(self, artifact_id: str, type: str, run: Run) -> str:
        """The name of an input; the job that made it becomes a step where that is wanted and possible."""
        artifact = self._workspace.store.find_artifact(artifact_id, type)
        if artifact is None:
            raise InputError(
                f"The run {run.id} cannot be saved as a recipe.",
                why=f"What it used ({artifact_id}) was removed.",
                fix="Choose a run whose inputs are still here.",
                code="recipe.input",
            )
        maker = self._maker(artifact) if self._with_inputs else None
        if maker is None:
            self.inputs[artifact.id] = artifact
        else:
            self.add(maker, artifact.name)
        return artifact.name

    def _maker(self, artifact: Artifact) -> Run | None:
        """Its run; None where that was removed or is of no kind known here: then the artifact is needed."""
        run = self._workspace.store.maker(artifact)
        return run if run is not None and run.kind in KINDS else None

    def _path(self, text: str) -> str:
        path = Path(text)
        if not path.is_absolute():
            return text
        try:
            if path.parent == starter.path(starter.TRAIN).parent:
                return f"{STARTER}{path.name}"
        except InputError:
            pass
        if self._folder is not None and path.is_relative_to(self._folder):
            return path.relative_to(self._folder).as_posix()
        return text
