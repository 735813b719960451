"""An empty workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace that is closed at the end."""
    workspace = Workspace(tmp_path / "work")
    yield workspace
    workspace.close()
