"""`slm-workbench`: with a command it is the command line; without one it opens the window."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Runs a command, or the window when there is none.

    Args:
        argv: Arguments after the program's name; those of the process when left out.
    """
    multiprocessing.freeze_support()
    arguments = sys.argv[1:] if argv is None else argv
    root = _only_a_workspace(arguments)
    if arguments and root is None:
        try:
            from core.cli.main import main as command_line

            return command_line(arguments)
        except KeyboardInterrupt:  # while it still loads; a command answers for itself
            sys.stderr.write("Cancelled.\n")
            return 130
    if _has_no_screen():
        sys.stderr.write(
            "The window cannot open.\n"
            "Why: There is no display here: neither DISPLAY nor WAYLAND_DISPLAY is set.\n"
            "Do:  Work with the commands (`slm-workbench --help`), or start it from a desktop.\n"
        )
        return 2
    from app.start import run

    return run(root)


def _has_no_screen() -> bool:
    """Qt would abort the process; whoever names Qt's platform knows what he does."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in names)


def _only_a_workspace(arguments: list[str]) -> Path | None:
    """The folder, when `--workspace DIR` is all that was given."""
    match arguments:
        case ["--workspace", folder]:
            return Path(folder).expanduser()
        case [single] if single.startswith("--workspace="):
            return Path(single.partition("=")[2]).expanduser()
        case _:
            return None


if __name__ == "__main__":
    sys.exit(main())
