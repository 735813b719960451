"""Asks before something that a person must agree to."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from core.cli.console import Output, say_bytes
from core.errors import InputError
from core.models import hub


def require_yes(question: str, *, yes: bool, output: Output, fix: str = "Add --yes.") -> None:
    """Goes on only after `--yes` or a typed yes.

    Args:
        question: What would happen, without a question mark.
        yes: Whether `--yes` was given.
        output: Where the question is shown.
        fix: What to do where nobody can be asked.

    Raises:
        InputError: Nobody agreed; nothing was done.
    """
    if yes:
        return
    output.errors.print(question, markup=False)
    if not sys.stdin.isatty():
        raise InputError(
            "This needs your yes.", why="Nobody is at the terminal.", fix=fix, code="consent.missing"
        )
    output.errors.print("Go on? [y/N] ", end="", markup=False)
    if input().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was done.", why="You did not agree.", code="consent.refused")


def agree_to_lose(said: Sequence[str], *, yes: bool, output: Output) -> None:
    """Says what will be lost with something, where that is more than the thing itself, and asks.

    Raises:
        InputError: Nobody agreed; nothing was done.
    """
    if said and not yes:
        require_yes("\n".join(said), yes=False, output=output)
    elif said:
        output.progress("\n".join(said))


def agree(offer: hub.Offer, *, yes: bool, output: Output) -> None:
    """Shows what would be downloaded, from where and under which licence, and goes on only after a yes.

    Raises:
        InputError: Nobody agreed; nothing was downloaded.
    """
    lines = [f"{offer.reference} would be downloaded from {offer.host} ({say_bytes(offer.bytes)}):"]
    lines += [f"  {name}  {say_bytes(size)}" for name, size in offer.files]
    lines.append(f"Licence: {offer.licence}")
    if yes:
        output.progress("\n".join(lines))
    require_yes("\n".join(lines), yes=yes, output=output)
