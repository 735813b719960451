"""Whether lm-evaluation-harness can be asked, before a run begins."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from core.data import harness_tasks
from core.errors import InputError
from core.specs import EvaluateSpec
from core.workspace.workspace import Workspace


def refuse(_workspace: Workspace, spec: EvaluateSpec) -> None:
    """Refuses harness tasks where there is no harness, and those that must not be run.

    Raises:
        InputError: It is not installed, or a task names Python or rows elsewhere.
    """
    if spec.harness is None:
        return
    if importlib.util.find_spec("lm_eval") is None:
        raise InputError(
            "lm-evaluation-harness is not installed.",
            why="It is an extra of its own, since most people never need it.",
            fix='Install it: pip install -c constraints.txt -e ".[harness]". `data export` writes its tasks '
            "without it.",
            code="harness.missing",
        )
    if spec.harness != harness_tasks.OWN:
        harness_tasks.read(Path(spec.harness).expanduser())
