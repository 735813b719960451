"""Files and folders that a person names."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError


def existing(text: str) -> Path:
    """The absolute path of a file or folder that is there.

    Raises:
        InputError: It is not, or may not be looked at.
    """
    path = Path(text).expanduser().absolute()
    try:
        found = path.exists()
    except (OSError, ValueError):
        found = False
    if not found:
        raise InputError(
            f"There is no file {text!r}.",
            why=f"Looked for {path}.",
            fix="Check the name; relative names start at the current folder.",
            code="file.missing",
        )
    return path
