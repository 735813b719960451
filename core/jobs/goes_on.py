"""Where a resume goes on with a run, or that it begins anew: found once, said wherever it is offered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from core.jobs import run_folder, spent
from core.jobs.registry import KINDS
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_MEGABYTE = 1e6


@dataclass(frozen=True)
class GoesOn:
    """What a resume of a run finds.

    Attributes:
        unit: What is counted, as phases name it, such as `layers`.
        done: How many are kept; 0 for none.
        total: Of how many, or None where nobody knows.
        keeps: Whether such a job keeps anything on its way.
    """

    unit: str = ""
    done: int = 0
    total: int | None = None
    keeps: bool = True

    @property
    def sentence(self) -> str:
        """In words, without the full stop."""
        if not self.keeps:
            return "Begins anew: such a job keeps nothing on its way"
        if not self.done:
            return "Begins anew: nothing had been kept yet"
        if self.unit == "bytes":
            of = f" of {self.total / _MEGABYTE:,.1f}" if self.total else ""
            return f"Goes on after {self.done / _MEGABYTE:,.1f}{of} MB"
        of = f" of {self.total:,}" if self.total else ""
        return f"Goes on after {self.unit.removesuffix('s') or 'part'} {self.done:,}{of}"

    @property
    def clause(self) -> str:
        """The same after a subject: `goes on after …`."""
        return self.sentence[0].lower() + self.sentence[1:]


def find(workspace: Workspace, run: Run) -> GoesOn:
    """What a resume of a run would find now."""
    if run.kind not in KINDS or not KINDS[run.kind].resumes:
        return GoesOn(keeps=False)
    marked = _marked(workspace.run_folder(run.id))
    if marked is None or marked.unit == "steps":
        step = spent.last_step(workspace, run)  # of a run before there were marks, too
        return GoesOn("steps", step, marked.total if marked else None) if step else GoesOn()
    return marked


def offered(workspace: Workspace, run: Run) -> GoesOn | None:
    """What is said of an ended run; None where it cannot be resumed, or would only be refused again."""
    if not run.can_resume or (run.error or {}).get("kind") == "input":
        return None
    return find(workspace, run)


def _marked(folder: Path) -> GoesOn | None:
    try:
        found = json.loads((folder / run_folder.KEPT).read_text(encoding="utf-8"))
        total = found["total"]
        return GoesOn(str(found["unit"]), int(found["done"]), None if total is None else int(total))
    except (OSError, ValueError, KeyError, TypeError):
        return None
