"""A recipe file before it starts: what it would do here, what it must ask, or why it cannot be run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.recipe_runner import RecipeRunner
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.recipes import reading
from core.recipes.recipe import Cooking, Planned
from core.workspace.workspace import check_name

Blocker = Literal["", "reading", "refused", "nothing", "busy", "agree"]
_PLAN_AFTER_MS = 250  # files are hashed: not for every key that is pressed


@dataclass(frozen=True)
class Plan:
    """A recipe as it would run now."""

    cooking: Cooking
    steps: tuple[Planned, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """What the person must agree to."""
        return tuple(step.asks for step in self.steps if step.asks)


class RecipeViewModel(QObject):
    """Reads a file, plans it with an ending for its names, starts it after a yes.

    Args:
        bridge: Knows the workspace.
        runner: Runs the recipe.
        file: The recipe.
        suffix: An ending for what it makes, as given before.

    Signals:
        changed: The plan, a refusal, or what blocks the start is different now.
        started: The recipe is at work.
    """

    changed = Signal()
    started = Signal()

    def __init__(
        self,
        bridge: JobBridge,
        runner: RecipeRunner,
        file: Path,
        suffix: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = bridge.workspace
        self._runner = runner
        self._background = Background(self)
        self.file = file
        self.suffix = suffix
        self.plan: Plan | None = None
        self.error: ErrorText | None = None
        self.has_agreed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PLAN_AFTER_MS)
        self._timer.timeout.connect(self.read)
        runner.changed.connect(self.changed)

    @property
    def title(self) -> str:
        """What the recipe calls itself, or its file."""
        return (self.plan.cooking.recipe.title if self.plan else "") or self.file.name

    @property
    def blocker(self) -> Blocker:
        """What keeps the recipe from starting, or an empty text."""
        if self.error is not None:
            return "refused"
        if self.plan is None:
            return "reading"
        if all(step.status == "ready" for step in self.plan.steps):
            return "nothing"
        if self._runner.is_busy:
            return "busy"
        return "agree" if self.plan.questions and not self.has_agreed else ""

    @Slot(str)
    def set_suffix(self, suffix: str) -> None:
        """Ends the names of everything the recipe makes; the plan follows in a moment."""
        suffix = suffix.rstrip()
        if suffix != self.suffix:
            self.suffix = suffix
            self.plan = self.error = None
            self._timer.start()
            self.changed.emit()

    @Slot(bool)
    def agree(self, on: bool) -> None:
        """Agrees to what the plan asks."""
        self.has_agreed = on
        self.changed.emit()

    @Slot()
    def read(self) -> None:
        """Reads the file and plans it, on a thread."""
        workspace, file, suffix = self._workspace, self.file, self.suffix

        def work(_cancelled: threading.Event) -> Plan:
            recipe = reading.read(file)
            for job in recipe.jobs:
                check_name(job.name + suffix)
            cooking = Cooking(workspace, recipe, suffix=suffix, folder=file.parent)
            return Plan(cooking, tuple(cooking.plan()))

        self._background.run("plan", work, self._on_planned, self._on_refused)

    @Slot()
    def start(self) -> None:
        """Hands the recipe to the runner; does nothing while something blocks it."""
        if self.blocker or self.plan is None:
            return
        self._runner.start(self.plan.cooking, self.file)
        self.started.emit()

    def close(self) -> None:
        """Drops what is still being read."""
        self._timer.stop()
        self._background.close()

    def _on_planned(self, plan: Plan) -> None:
        self.plan, self.error = plan, None
        self.changed.emit()

    def _on_refused(self, error: WorkbenchError) -> None:
        text = ErrorText.of(error)
        if error.code == "name.taken":  # its fix names an option of the command
            text = replace(text, fix=self.tr("Give the names an ending below, or remove what has the name."))
        self.plan, self.error = None, text
        self.changed.emit()
