"""What a page does, as a command that finds the window's workspace."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from app.models.command_line import command_line
from core.workspace.workspace import Workspace


def test_only_a_workspace_that_a_command_would_not_find_by_itself_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "my work")
    monkeypatch.setenv("SLM_WORKBENCH_HOME", str(tmp_path / "other"))
    assert shlex.split(command_line(workspace, ["chat", "bank mails"])) == [
        "slm-workbench", "chat", "bank mails", "--workspace", str(tmp_path / "my work"),
    ]  # fmt: skip
    monkeypatch.setenv("SLM_WORKBENCH_HOME", str(tmp_path / "my work"))
    assert command_line(workspace, ["chat", "bank mails"]) == "slm-workbench chat 'bank mails'"
    workspace.close()
