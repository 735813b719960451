"""What can no longer be done once a data set, a model or a run is removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs.registry import KINDS
from core.specs import AugmentSpec, GenerateSpec
from core.workspace import taught
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_NAMED = 3
_MAKE_ROWS = (GenerateSpec.kind, AugmentSpec.kind)


@dataclass(frozen=True)
class Loss:
    """What goes with it; everything else stays as it is.

    Attributes:
        runs: Names of the runs that read it, which can be repeated and resumed no longer.
        models: Names of the models that learnt from it.
        made: Names of what the run made, of which nobody can say any more how.
        reports: Names of the reports that are deleted with the run.
        is_only: Whether a data set's rows were made here, so that no file of a person's has them.
    """

    runs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    is_only: bool = False

    def __bool__(self) -> bool:
        """Whether anything is lost besides the thing itself."""
        return bool(self.runs or self.models or self.made or self.reports or self.is_only)


def of_artifact(workspace: Workspace, artifact: Artifact) -> Loss:
    """What is lost with a data set or a model."""
    store = workspace.store
    makers = (run for run in store.readers(artifact.id) if run.kind in KINDS and KINDS[run.kind].makes)
    runs = tuple(dict.fromkeys(run.name for run in makers))
    if artifact.type != "dataset":
        return Loss(runs)
    learnt = [
        model for model in store.artifacts("model") if artifact.id in taught.taught_on(workspace, model.id)
    ]
    is_only = any(run.id == artifact.run_id and run.kind in _MAKE_ROWS for run in store.runs())
    return Loss(runs, tuple(model.name for model in learnt), is_only=is_only)


def of_run(workspace: Workspace, run: Run) -> Loss:
    """What is lost with a run."""
    left = workspace.store.artifacts(run_id=run.id)
    reports = tuple(item.name for item in left if item.type == "report")
    made = tuple(item.name for item in left if item.type != "report")
    return Loss(made=made, reports=reports)


def sentences(loss: Loss) -> list[str]:
    """The loss in English; the window says the same in its own languages."""
    said = []
    if loss.is_only:
        said.append("Its rows were made here: no file of yours has them.")
    if loss.models:
        said.append(
            f"{_named(loss.models)} learnt from it and {_verb(loss.models, 'stays', 'stay')} as "
            f"{_verb(loss.models, 'it is', 'they are')}, but nobody can tell any more which rows of a test "
            "were seen, or which labels there are."
        )
    if loss.runs:
        said.append(
            f"{_verb(loss.runs, 'The run', 'The runs')} {_named(loss.runs)} can no longer be repeated, "
            "resumed or saved with the jobs before."
        )
    if loss.made:
        said.append(
            f"{_named(loss.made)} {_verb(loss.made, 'stays', 'stay')}, but nothing says any more how "
            f"{_verb(loss.made, 'it was', 'they were')} made: settings, curves and origin go, and the run "
            "can no longer be repeated or saved as a recipe."
        )
    if loss.reports:
        what = _verb(loss.reports, "the report", "the reports")
        said.append(f"With it {_verb(loss.reports, 'goes', 'go')} {what} {_named(loss.reports)}.")
    return said


def shortened(names: Sequence[str]) -> tuple[Sequence[str], int]:
    """The first names, and how many more there are."""
    return names[:_NAMED], max(0, len(names) - _NAMED)


def _named(names: Sequence[str]) -> str:
    """`a, b and 4 more`."""
    shown, more = shortened(names)
    last = f"{more} more" if more else ""
    head = ", ".join(shown if more else shown[:-1])
    return " and ".join(filter(None, (head, last or shown[-1])))


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
