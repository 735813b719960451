from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.models.board import board, evidence
from core.models.board.board import Board
from core.workspace.workspace import Workspace

ReadBoard = Callable[..., Board]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "work")
    yield opened
    opened.close()


@pytest.fixture
def read(workspace: Workspace) -> ReadBoard:
    """The newest board of the workspace, or that of a split."""

    def read(split: str = "test") -> Board:
        found = evidence.evaluations(workspace)
        members = evidence.members_of(workspace, found)
        subjects = evidence.subjects(workspace, found, members)
        return board.read(workspace, next(subject for subject in subjects if subject.split == split))

    return read
