"""One job of several in a row: found again where it was done before, gone on with where it stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from core.errors import InputError
from core.jobs import submission
from core.jobs.registry import kind_of
from core.jobs.standby import STANDBY
from core.specs import Spec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_NAME_TAKEN = "Remove it (`{noun} remove`), or run the demo in another place: --workspace DIR."
#: Fields with paths that may differ while the content, whose hash is in the spec, is the same.
PATHS = ("source", "test_source")


@dataclass(frozen=True)
class Step:
    """One job of several.

    Attributes:
        key: Short name within the list.
        title: What is being done, for a bar.
        spec: The job.
        name: What its result will be called.
    """

    key: str
    title: str
    spec: Spec
    name: str


def paths_of(spec: type[Spec]) -> tuple[str, ...]:
    """The fields of a spec that are paths; one that only offers a choice is none."""
    fields = spec.model_fields
    return tuple(name for name in PATHS if name in fields and fields[name].annotation in (str, str | None))


class Execute(Protocol):
    """Runs a queued run to its end, showing what happens; returns it as it ended."""

    def __call__(self, queued: Run, step: Step, expected_s: float, seconds_after: float) -> Run:
        """Executes `queued` in about `expected_s` seconds; other steps of `seconds_after` follow."""


class _ToBe(dict[str, Artifact]):
    """Stands for what is not made yet, to see which jobs are to come."""

    def __missing__(self, key: str) -> Artifact:
        return Artifact(key, "", key, "", 0, 0.0, "")


def run_all(
    workspace: Workspace,
    steps: Callable[[dict[str, Artifact]], Iterable[Step]],
    expected_s: dict[str, float],
    execute: Execute,
    skipped: Callable[[Step, Artifact], None],
) -> tuple[dict[str, Artifact], dict[str, Run]]:
    """Runs a demo's jobs, or what is left of them. Returns what they made and their runs, by the steps' keys.

    Args:
        workspace: Where everything is kept; the caller holds the execution lock.
        steps: Describes each step once those before it have been made.
        expected_s: Seconds each took elsewhere; this computer's pace is learnt on the way.
        execute: Runs one job.
        skipped: Told of each step whose result was there already.

    Raises:
        WorkbenchError: A job failed or was cancelled; a second call goes on from there.
    """
    artifacts: dict[str, Artifact] = {}
    runs: dict[str, Run] = {}
    keys = list(expected_s)
    kinds = [step.spec.kind for step in steps(_ToBe())]
    pace = 1.0
    with contextlib.closing(STANDBY):
        for number, step in enumerate(steps(artifacts)):
            found = made_before(workspace, step, "The demo", _NAME_TAKEN)
            if found is not None:
                artifacts[step.key] = found
                runs[step.key] = workspace.store.run(found.run_id)
                skipped(step, found)
                continue
            after = sum(expected_s[key] for key in keys[keys.index(step.key) + 1 :]) * pace
            began = time.monotonic()
            STANDBY.announce(next((kind for kind in kinds[number + 1 :] if kind_of(kind).slow_start), ""))
            runs[step.key] = execute(queue(workspace, step), step, expected_s[step.key] * pace, after)
            artifacts[step.key] = workspace.store.artifacts(kind_of(step.spec.kind).makes, runs[step.key].id)[
                0
            ]
            if expected_s[step.key] >= 15:  # short steps say little about this computer
                pace = (time.monotonic() - began) / expected_s[step.key]
    return artifacts, runs


def made_before(workspace: Workspace, step: Step, who: str, fix: str) -> Artifact | None:
    """The step's result, if a run with the same spec succeeded earlier.

    Args:
        workspace: Where to look.
        step: What would be made.
        who: Who wants to make it, for a refusal: `The demo`.
        fix: What the person can do when the name is taken; `{type}` is the command's noun.

    Raises:
        InputError: Something else of yours has that name.
    """
    found = workspace.store.find_artifact(step.name, kind_of(step.spec.kind).makes)
    if found is None:
        return None
    run = workspace.store.maker(found)
    same = run is not None and same_spec(run, step)
    if run is not None and same and run.state == "succeeded":
        return found
    if same:
        return None  # stopped half-way: its run goes on
    noun = {"dataset": "data", "model": "models", "report": "runs"}.get(found.type, "runs")
    raise InputError(
        f"{who} wants to make {step.name!r}, but you have something else of that name.",
        why="It was made by another spec or an earlier version.",
        fix=fix.format(noun=noun),
        code="name.taken",
    )


def same_spec(run: Run, step: Step) -> bool:
    """Whether a run was given what the step would be given; a field that came since has its default there."""
    if run.kind != step.spec.kind:
        return False
    try:
        stored = type(step.spec).model_validate(run.spec).model_dump(mode="json")
    except ValidationError:  # written by another version
        return False
    wanted = step.spec.model_dump(mode="json")
    for path in PATHS:  # where the files lie may change; the hashes do not
        if stored.get("source_sha256"):
            stored.pop(path, None)
            wanted.pop(path, None)
    return stored == wanted


def queue(workspace: Workspace, step: Step) -> Run:
    """A new run of the step, or its interrupted one, to go on."""
    for run in workspace.store.runs():
        if run.name == step.name and same_spec(run, step) and (run.can_resume or run.state == "queued"):
            return submission.resume(workspace, run.id)
    return submission.submit(workspace, step.spec, step.name)
