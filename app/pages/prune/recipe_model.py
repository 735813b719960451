"""Rounds of cutting and learning again: written as a recipe in a thread, then run."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.recipe_runner import RecipeRunner
from core.errors import WorkbenchError
from core.recipes import reading, shrinking
from core.recipes.recipe import Cooking
from core.specs import PruneSpec
from core.workspace.workspace import Workspace


class RecipeModel(QObject):
    """Writes the recipe of the rounds and hands it to who runs it.

    Args:
        workspace: Where the recipe lies.
        recipes: Runs it.
        parent: Owner.

    Signals:
        changed: It is at work, or no longer.
        started: The rounds are at work.
        failed: An error.
    """

    changed = Signal()
    started = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, recipes: RecipeRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._recipes = recipes
        self._background = Background(self)
        self.is_writing = False
        recipes.changed.connect(self.changed)

    @property
    def is_busy(self) -> bool:
        """Whether another recipe runs."""
        return self._recipes.is_busy

    def start(self, spec: PruneSpec, count: int, name: str) -> None:
        """Begins so many rounds, whose last model is called `name`."""
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> Cooking:
            path, _cuts = shrinking.write(workspace, spec, count, name, {})
            return Cooking(workspace, reading.read(path), folder=path.parent)

        self.is_writing = True
        self._background.run("write", work, self._on_written, self._on_refused)
        self.changed.emit()

    def _on_written(self, cooking: Cooking) -> None:
        self.is_writing = False
        self._recipes.start(cooking, cooking.folder / cooking.recipe.file)
        self.started.emit()

    def _on_refused(self, error: WorkbenchError) -> None:
        self.is_writing = False
        self.failed.emit(error)
        self.changed.emit()
