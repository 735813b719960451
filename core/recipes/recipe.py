"""A recipe: jobs with names, of which later ones use what earlier ones make.

Names stand for artifacts: of an earlier step, or of the workspace. They become ids only when the step is
next, so that the same file works in every workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.data import starter
from core.errors import InputError
from core.jobs.registry import kind_of
from core.models import endpoints, hub
from core.recipes.steps import Step, made_before, paths_of, queue
from core.specs import EvaluateSpec, Spec
from core.workspace.manifest import hash_file
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

Status = Literal["ready", "to_do"]

#: A path that begins so lies in the program's own starter data, wherever the program is installed.
STARTER = "starter:"
_HASH_OF = {"source": "source_sha256", "test_source": "test_sha256"}
_PROBE = "\ue000"
_NAME_TAKEN = "Remove it (`{noun} remove`), or give all results of the recipe an ending: --name-suffix TEXT."


@dataclass(frozen=True)
class Wanted:
    """An artifact of the workspace that a recipe needs: name, type, and its content's hash (empty: any)."""

    name: str
    type: str
    digest: str = ""


@dataclass(frozen=True)
class Job:
    """One step as written: `values` are the spec's fields, with names where the spec has ids."""

    name: str
    kind: str
    values: Mapping[str, Any]
    line: int = 0

    @property
    def spec_type(self) -> type[Spec]:
        """The kind's spec."""
        return kind_of(self.kind).spec

    @property
    def makes(self) -> str:
        """Type of what it leaves."""
        return kind_of(self.kind).makes


@dataclass(frozen=True)
class Recipe:
    """Jobs in their order, and what they need of the workspace, by name."""

    title: str
    jobs: tuple[Job, ...]
    wanted: tuple[Wanted, ...] = ()
    file: str = ""


@dataclass(frozen=True)
class Planned:
    """A step of a plan, in words."""

    number: int
    name: str
    kind: str
    title: str
    status: Status
    uses: tuple[str, ...]
    asks: str


def reference_fields(spec: type[Spec], values: Mapping[str, Any]) -> dict[str, str]:
    """The fields that name artifacts, each with the artifact's type.

    Found by asking the spec itself: a field is one when `inputs()` hands on what stands in it.
    """
    try:
        known = spec.model_construct(**values)
    except (TypeError, ValueError):
        return {}
    found = {}
    for name in spec.model_fields:
        for probe in (_PROBE, (_PROBE,)):
            try:
                inputs = known.model_copy(update={name: probe}).inputs()
            except (TypeError, ValueError, AttributeError):
                continue
            if _PROBE in inputs:
                found[name] = "dataset" if name.startswith("data") else "model"
                break
    return found


def references(job: Job) -> list[tuple[str, str, str]]:
    """What a job uses, as `(field, type, name)`."""
    found = []
    for name, type in reference_fields(job.spec_type, job.values).items():
        value = job.values.get(name)
        for ref in [value] if isinstance(value, str) else value or ():
            found.append((name, type, str(ref)))
    return found


class Cooking:
    """A recipe on its way through a workspace.

    Args:
        workspace: Where everything is kept.
        recipe: What to make.
        suffix: Ends the name of everything it makes.
        folder: Where relative paths of the recipe begin.

    Raises:
        InputError: An artifact it needs is missing or has another content.
    """

    def __init__(self, workspace: Workspace, recipe: Recipe, *, suffix: str = "", folder: Path) -> None:
        self.workspace = workspace
        self.recipe = recipe
        self.suffix = suffix
        self.folder = folder
        self.made: dict[tuple[str, str], Artifact] = {}
        self.done = 0
        self._own = {(job.makes, job.name) for job in recipe.jobs}
        for wanted in recipe.wanted:
            self._require(wanted)
        for job in recipe.jobs:
            for _field, type, ref in references(job):
                if (type, ref) not in self._own:
                    workspace.artifact(ref, type)

    def _require(self, wanted: Wanted) -> None:
        name = wanted.name
        found = self.workspace.artifact(name, wanted.type)
        if wanted.digest and found.digest != wanted.digest:
            raise InputError(
                f"{name} is not what the recipe was made with.",
                why=f"The recipe wants content {wanted.digest[:12]}…; here {name} has {found.digest[:12]}….",
                fix="Add the right one under that name, or take its digest out of the recipe.",
                code="recipe.digest",
            )

    # --- before the start ---

    def plan(self) -> list[Planned]:
        """The steps in words, as far as they are known before the first one runs.

        Raises:
            InputError: A name is taken by something else, or a file is missing.
        """
        planned, virtual = [], Cooking(self.workspace, self.recipe, suffix=self.suffix, folder=self.folder)
        for number, job in enumerate(self.recipe.jobs, 1):
            status: Status = "to_do"
            own = [(type, ref) for _field, type, ref in references(job) if (type, ref) in self._own]
            if all(ref in virtual.made for ref in own):
                step = virtual.step(job)
                found = made_before(self.workspace, step, "The recipe", _NAME_TAKEN)
                if found is not None:
                    virtual.made[(job.makes, job.name)] = found
                    status = "ready"
                else:
                    self._require_files(job)
            else:
                self.workspace.require_free_name(job.name + self.suffix, job.makes)
                self._require_files(job)
            uses = tuple(ref for _field, _type, ref in references(job))
            asks = "" if status == "ready" else question_of(job) or self._sends(job)
            planned.append(
                Planned(number, job.name + self.suffix, job.kind, job.spec_type.title, status, uses, asks)
            )
        return planned

    def _sends(self, job: Job) -> str:
        """What a step sends to an endpoint, as a question; empty where it sends nothing."""
        if not kind_of(job.kind).endpoints:
            return ""
        for _field, type, ref in references(job):
            found = self.workspace.store.find_artifact(ref, type)
            endpoint = found.meta.get("endpoint") if found is not None else None
            if isinstance(endpoint, dict):
                return sends(job, endpoints.Endpoint.model_validate(endpoint).host)
        return ""

    def _require_files(self, job: Job) -> None:
        for name in paths_of(job.spec_type):
            value = job.values.get(name)
            if not isinstance(value, str) or value == "starter" or value.startswith("hf:"):
                continue
            path = self.path(value)
            if not path.exists():
                raise InputError(
                    f"The file of step {job.name!r} is not there.",
                    why=f"{self.recipe.file}, line {job.line}: looked for {path}.",
                    fix=f"Put it there, or change {name} in the recipe; relative paths begin at the recipe.",
                    code="recipe.file",
                )

    # --- step by step ---

    def step(self, job: Job) -> Step:
        """A job with ids in the place of names; everything it uses has been made.

        Raises:
            InputError: What it uses is gone, or a value does not fit.
        """
        values = dict(job.values)
        for name, type in reference_fields(job.spec_type, values).items():
            value = values.get(name)
            if isinstance(value, str):
                values[name] = self._id(value, type)
            elif value:
                values[name] = [self._id(str(ref), type) for ref in value]
        for path in paths_of(job.spec_type):
            text, digest = values.get(path), _HASH_OF[path]
            if isinstance(text, str) and text != "starter" and not text.startswith("hf:"):
                values[path] = str(self.path(text))
                if digest in job.spec_type.model_fields and not values.get(digest):
                    found = self.path(text)
                    values[digest] = hash_file(found) if found.is_file() else ""
        name = job.name + self.suffix
        if "name" in job.spec_type.model_fields:
            values["name"] = name
        spec = job.spec_type.model_validate(values)
        return Step(job.name, f"{spec.title} {name}", spec, name)

    def _id(self, ref: str, type: str) -> str:
        made = self.made.get((type, ref))
        return made.id if made is not None else self.workspace.artifact(ref, type).id

    def path(self, text: str) -> Path:
        """Where a path of the recipe leads here."""
        if text.startswith(STARTER):
            return starter.path(text.removeprefix(STARTER))
        return self.folder / Path(text).expanduser()

    def advance(self) -> tuple[Step, Artifact | None] | None:
        """The next step, with its result where it is there already (then it counts as done); None at the end.

        Raises:
            InputError: Its name is taken by something else.
        """
        if self.done == len(self.recipe.jobs):
            return None
        job = self.recipe.jobs[self.done]
        step = self.step(job)
        found = made_before(self.workspace, step, "The recipe", _NAME_TAKEN)
        if found is not None:
            self._keep(job, found)
        return step, found

    def queue(self, step: Step) -> Run:
        """Puts the step into the queue, or its interrupted run."""
        return queue(self.workspace, step)

    def finish(self, run: Run) -> Artifact:
        """Takes note that the current step's run has succeeded; gives what it made."""
        job = self.recipe.jobs[self.done]
        artifact = self.workspace.store.artifacts(job.makes, run.id)[0]
        self._keep(job, artifact)
        return artifact

    def _keep(self, job: Job, artifact: Artifact) -> None:
        self.made[(job.makes, job.name)] = artifact
        self.done += 1


def question_of(job: Job) -> str:
    """What has to be asked before this step runs; empty for the usual ones.

    Nothing has gone out yet, so that it holds what the recipe and the settings say: host, name and revision.

    Raises:
        InputError: What is to be downloaded is not written as the hub names it.
    """
    if not kind_of(job.kind).network:
        return ""
    wanted = hub.parse(str(job.values.get("source", "")))
    file = f", file {wanted.file}" if wanted.file else ""
    newest = " (its newest state)" if wanted.revision == hub.NEWEST else ""
    return (
        f"{job.name} is downloaded from {hub.host()}: {wanted.repo}{file}, "
        f"revision {wanted.revision}{newest}; the hub says only then how large it is"
    )


def sends(job: Job, host: str) -> str:
    """What a step sends to an endpoint, and what it may cost, as far as the recipe says it."""
    if job.spec_type is EvaluateSpec:
        rows = job.values.get("judge_rows", EvaluateSpec.model_fields["judge_rows"].default) or "all"
        return (
            f"{job.name} sends {rows} rows of {job.values.get('data')} with each model's answers to {host}; "
            "no budget limits what it costs"
        )
    fields = job.spec_type.model_fields
    rows, budget = job.values.get("rows", fields["rows"].default), job.values.get("budget")
    limit = f"it ends before it costs more than {budget}" if budget else "no budget limits what it costs"
    return f"{job.name} sends up to {rows} rows of {job.values.get('data')} to {host}; {limit}"
