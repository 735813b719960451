"""How this program is called from here, so that a line that it suggests can be pasted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

_SUGGESTED = re.compile(r"`slm-workbench ([^`]+)`")


@dataclass(frozen=True)
class Invocation:
    """What stands around every command.

    Attributes:
        workspace: The folder that was given by `--workspace`; empty where it was not.
    """

    workspace: str = ""

    def line(self, *words: str) -> str:
        """A whole command, quoted for a shell."""
        return self._around(shlex.join(words))

    def pasteable(self, text: str) -> str:
        """The text, in which every `slm-workbench …` is called as this one was."""
        return _SUGGESTED.sub(lambda found: f"`{self._around(found[1])}`", text)

    def _around(self, words: str) -> str:
        where = f" --workspace {shlex.quote(self.workspace)}" if self.workspace else ""
        return f"{_program()} {words}{where}"


def _program() -> str:
    """By name where the shell finds it, by its path otherwise."""
    if shutil.which("slm-workbench"):
        return "slm-workbench"
    beside = Path(sys.executable).with_name("slm-workbench")
    if beside.exists():
        return shlex.quote(os.path.relpath(beside))
    return f"{shlex.quote(sys.executable)} -m app"
