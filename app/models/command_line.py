"""What a page does, as a command that can be pasted into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from core.workspace.workspace import Workspace, default_root


def command_line(workspace: Workspace, words: Sequence[str]) -> str:
    """The words as a shell takes them; a workspace that the command would not find by itself is named."""
    where = [] if workspace.root == default_root().absolute() else ["--workspace", str(workspace.root)]
    return shlex.join(["slm-workbench", *words, *where])
