"""What an export will take and keep, and whether its rows suit the model; read once."""

from __future__ import annotations

from core import mismatch
from core.models.quantizing.expected import Expected, Experience
from core.specs import QuantizeSpec
from core.workspace.workspace import Workspace


class Outlook:
    """Asks the workspace's earlier exports.

    Args:
        workspace: Where they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.refresh()

    def refresh(self) -> None:
        """Forgets what was read: runs ended, or artifacts came or went."""
        self._experience = Experience(self._workspace)
        self._mismatches: dict[tuple[str, str], mismatch.Mismatch | None] = {}

    def expected(self, spec: QuantizeSpec, parameters: int) -> Expected:
        """How long an export takes and how near it stays to its source."""
        return self._experience.expected(spec, parameters)

    def mismatch(self, spec: QuantizeSpec) -> mismatch.Mismatch | None:
        """Why the rows do not suit what the model has learnt."""
        if spec.data is None:
            return None
        key = (spec.model, spec.data)
        if key not in self._mismatches:
            self._mismatches[key] = mismatch.of(self._workspace, spec)
        return self._mismatches[key]
