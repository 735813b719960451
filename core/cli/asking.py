"""Asks for an endpoint's key, and never shows it."""

from __future__ import annotations

import getpass
import sys

from core.cli.console import Output
from core.errors import InputError
from core.jobs import keys
from core.workspace.records import Artifact


def ask_for_key(artifact: Artifact, output: Output, *, forget: bool = False) -> bool:
    """Takes the key of an endpoint from the terminal; whether there is one now.

    Args:
        artifact: The endpoint.
        output: Where it is said what became of the key.
        forget: Nobody at the terminal is an error, and an empty line forgets the key.

    Raises:
        InputError: It cannot be a key, or nobody is there to give one.
    """
    account = keys.account_of(artifact)
    assert account is not None
    if not sys.stdin.isatty():
        if forget:
            raise InputError(
                "A key is given at the terminal.",
                why="Nobody is there, and in a file or a command it would stay.",
                fix=f"Or set {keys.variable_of(artifact.name)} before starting this program.",
                code="key.terminal",
            )
        return False
    key = getpass.getpass(f"Key of {artifact.name} ({account}), not shown; empty for none: ")
    if not key.strip():
        if forget:
            keys.forget(account)
            output.say("The key is forgotten.")
        return False
    lasts = keys.keep(account, key)
    output.say(
        "The key is in the system's keyring."
        if lasts
        else f"There is no keyring here, so the key is kept for this command only. {ways(artifact)}"
    )
    return True


def ways(artifact: Artifact) -> str:
    """How a key can be given."""
    variable = keys.variable_of(artifact.name)
    return f"`slm-workbench models key {artifact.name}` asks for one, or set {variable}."
