"""Copies of what was made, for places outside the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.workspace import durable


def hand_out(folder: Path, out: Path) -> None:
    """Copies the files of a folder to an empty one outside; each has its name only once it is whole.

    Args:
        folder: What was made.
        out: Where to; made if it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts = {path.name: out / f".{path.name}.part" for path in sorted(folder.iterdir())}
    for name, part in parts.items():
        shutil.copyfile(folder / name, part)
        durable.sync_file(part)
    for name, part in parts.items():
        part.rename(out / name)
    durable.sync_folder(out)
