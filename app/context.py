"""What every page is given: the workspace, the bridge to running jobs, the user's settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from app.job_bridge import JobBridge
from app.recipe_runner import RecipeRunner
from app.settings import SettingsFile
from core.workspace.workspace import Workspace


@dataclass(frozen=True)
class Context:
    """The window's connections to the rest of the program."""

    workspace: Workspace
    bridge: JobBridge
    settings: SettingsFile

    @cached_property
    def recipes(self) -> RecipeRunner:
        """Runs recipes, whatever page is shown."""
        return RecipeRunner(self.bridge)
