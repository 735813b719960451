"""Runs a recipe in the window: a step is queued when the one before it has ended well.

What to do next is asked of `Cooking`, as the command `run` does, so that both go on where the other stopped.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.job_bridge import JobBridge
from app.widgets.error_text import ErrorText
from core.errors import InputError, WorkbenchError
from core.recipes.recipe import Cooking
from core.recipes.steps import Step
from core.workspace.records import ENDED, Run


@dataclass(frozen=True)
class RecipeState:
    """How far a recipe is.

    Attributes:
        title: What the person knows it by.
        file: Where it was read.
        suffix: Ends the name of everything it makes.
        total: How many steps it has.
        number: The step at work, from 1; all of them at a good end.
        step: What that step does.
        run_id: The run of that step, as soon as it waits in the queue.
        phase: At work, ended well, or ended before its last step.
        error: Why it ended early.
    """

    title: str
    file: Path
    suffix: str
    total: int
    number: int = 1
    step: str = ""
    run_id: str = ""
    phase: Literal["at_work", "done", "broken"] = "at_work"
    error: ErrorText | None = None


class RecipeRunner(QObject):
    """One recipe at a time; GUI thread only.

    Args:
        bridge: Runs the steps, and owns this.

    Signals:
        changed: Another step is at work, the recipe has ended, or its end was put away.
        ended: The `RecipeState` of a recipe that has just ended, well or not.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(self, bridge: JobBridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._background = Background(self)
        self._cooking: Cooking | None = None
        self.state: RecipeState | None = None
        bridge.run_changed.connect(self._on_run_changed)

    @property
    def is_busy(self) -> bool:
        """Whether a recipe is at work."""
        return self._cooking is not None

    def start(self, cooking: Cooking, file: Path) -> None:
        """Begins with the first step that is not there yet; does nothing while another recipe is at work."""
        if self.is_busy:
            return
        recipe = cooking.recipe
        self._cooking = cooking
        self.state = RecipeState(recipe.title or file.name, file, cooking.suffix, len(recipe.jobs))
        self.changed.emit()
        self._advance(cooking)

    def put_away(self) -> None:
        """Forgets a recipe that has ended."""
        if not self.is_busy:
            self.state = None
            self.changed.emit()

    def _advance(self, cooking: Cooking) -> None:
        def work(_cancelled: threading.Event) -> Step | None:  # a step's file is hashed, which takes a while
            while (following := cooking.advance()) is not None:
                step, found = following
                if found is None:
                    return step
            return None

        self._background.run("advance", work, self._on_advanced, self._on_failed)

    def _on_advanced(self, step: Step | None) -> None:
        cooking, state = self._cooking, self.state
        assert cooking is not None
        assert state is not None
        if step is None:
            self._end(replace(state, number=state.total, run_id="", phase="done"))
            return
        self.state = replace(state, number=cooking.done + 1, step=step.title, run_id="")
        try:
            run = cooking.queue(step)
        except WorkbenchError as error:
            self._on_failed(error)
            return
        self.state = replace(self.state, run_id=run.id)
        self.changed.emit()
        self._bridge.take(run)

    def _on_run_changed(self, run_id: str) -> None:
        if self._cooking is None or self.state is None or run_id != self.state.run_id:
            return
        try:
            run = self._bridge.workspace.store.run(run_id)
            if run.state == "succeeded":
                self.state = replace(self.state, run_id="")
                self._cooking.finish(run)
                self._advance(self._cooking)
            elif run.state in ENDED:
                self._break(self._why(run))
        except InputError as error:  # somebody removed the run while it waited
            self._on_failed(error)

    def _on_failed(self, error: WorkbenchError) -> None:
        self._break(ErrorText.of(error).line)

    def _why(self, run: Run) -> str:
        if run.state == "cancelled":
            return self.tr("The run “{name}” was cancelled.").format(name=run.name)
        if run.state == "stopped":
            return self.tr("The run “{name}” was stopped before its end.").format(name=run.name)
        said = str((run.error or {}).get("what") or "")
        return self.tr("The run “{name}” failed. {what}").format(name=run.name, what=said).strip()

    def _break(self, why: str) -> None:
        assert self.state is not None
        error = ErrorText(
            self.tr("The recipe “{title}” ended at step {number} of {total}.").format(
                title=self.state.title, number=self.state.number, total=self.state.total
            ),
            why,
            self.tr("What was made until then is kept. Run the recipe again to go on from there."),
        )
        self._end(replace(self.state, phase="broken", error=error))

    def _end(self, state: RecipeState) -> None:
        self._cooking = None
        self.state = state
        self.changed.emit()
        self.ended.emit(state)
