"""A run's spec on its way to the page that can start it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.errors import InputError
from core.jobs.repetition import values_of
from core.specs import Spec
from core.workspace.records import Run
from core.workspace.workspace import Workspace

#: The page with a wizard for a kind of job.
PAGES = {
    "finetune": "finetune",
    "distill": "distill",
    "prune": "prune",
    "quantize": "quantize",
    "generate": "generate",
}


@dataclass(frozen=True)
class Repeat:
    """What a wizard page is to be filled with.

    Attributes:
        page: The page's key.
        spec: What the run was told.
        name: A free name after the run's own.
    """

    page: str
    spec: Spec
    name: str


def can_repeat(run: Run) -> bool:
    """Whether there is a page that starts runs like this one."""
    return run.kind in PAGES


def repeat_of(workspace: Workspace, run: Run, **changes: Any) -> Repeat:
    """The run as a page takes it, some fields changed.

    Raises:
        InputError: It cannot be repeated here, or an input was removed.
    """
    if not can_repeat(run):
        raise InputError(
            f"There is no page that repeats {run.name}.",
            fix="Repeat it by command.",
            code="repeat.no_page",
        )
    kind, values = values_of(workspace, run)
    try:
        spec = kind.spec.model_validate({**values, **changes})
    except ValueError as error:
        raise InputError(
            f"The run {run.id} cannot be repeated as it was.",
            why="This version of the program has other limits for its settings.",
            fix="Start a new run.",
            code="spec.invalid",
        ) from error
    return Repeat(PAGES[run.kind], spec, workspace.free_name(run.name, kind.makes))
