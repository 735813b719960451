"""Folders in which a process works for a moment; what a killed one left is taken away by the next."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil

Kind = Literal["look", "chat"]
_NAME = re.compile(r"(?:look|chat)-(\d+)-\w+")


def make(root: Path, kind: Kind) -> Path:
    """A new folder of this process, which whoever asked for it removes.

    Args:
        root: The workspace's folder.
        kind: What it is for.
    """
    _sweep(root)
    return Path(tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=root))


@contextmanager
def lent(root: Path, kind: Kind) -> Iterator[Path]:
    """The same for a block of work, at whose end it is gone."""
    folder = make(root, kind)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Removes the folders of processes that have ended."""
    for folder in root.iterdir():
        said = _NAME.fullmatch(folder.name)
        if said is not None and not psutil.pid_exists(int(said[1])):
            shutil.rmtree(folder, ignore_errors=True)
