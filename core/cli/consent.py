"""Asks before something that a person must agree to."""

from __future__ import annotations

import sys

from core.cli.console import Output
from core.errors import InputError


def require_yes(question: str, *, yes: bool, output: Output) -> None:
    """Goes on only after `--yes` or a typed yes.

    Args:
        question: What would happen, without a question mark.
        yes: Whether `--yes` was given.
        output: Where the question is shown.

    Raises:
        InputError: Nobody agreed; nothing was done.
    """
    if yes:
        return
    output.errors.print(question, markup=False)
    if not sys.stdin.isatty():
        raise InputError(
            "This needs your yes.", why="Nobody is at the terminal.", fix="Add --yes.", code="consent.missing"
        )
    output.errors.print("Go on? [y/N] ", end="", markup=False)
    if input().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was done.", why="You did not agree.", code="consent.refused")
