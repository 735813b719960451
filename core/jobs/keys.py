"""Keys of endpoints: in the system's keyring, in the environment, or for this session only.

No key is ever written to a file, a log, an event, or a command line. A child gets it over its stdin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.workspace.records import Artifact

if TYPE_CHECKING:
    from core.jobs.child import Child

SERVICE = "slm-workbench"
VARIABLE = "SLM_WORKBENCH_KEY_"
_LONGEST = 4096
_session: dict[str, str] = {}


def variable_of(name: str) -> str:
    """The environment variable that holds the key of an endpoint of this name."""
    return VARIABLE + re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def account_of(artifact: Artifact) -> str | None:
    """What the key of an endpoint belongs to: its host and path; None for every other artifact."""
    endpoint = artifact.meta.get("endpoint")
    if artifact.meta.get("format") != "endpoint" or not isinstance(endpoint, dict):
        return None
    return str(endpoint.get("url", "")).partition("://")[2]


def checked(key: str) -> str:
    """The key without spaces around it.

    Raises:
        InputError: It cannot be sent in a header. The message does not repeat it.
    """
    key = key.strip()
    if not key or len(key) > _LONGEST or not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(
            "That is no key.",
            why="A key is a line of letters, digits and signs, without spaces.",
            fix="Copy it again from the page where it was made.",
            code="key.invalid",
        )
    return key


def find(artifact: Artifact) -> str | None:
    """The key of an endpoint: of this session, of the environment, of the keyring; None without one.

    Raises:
        InputError: What stands there cannot be a key.
    """
    account = account_of(artifact)
    if account is None:
        return None
    found = _session.get(account) or os.environ.get(variable_of(artifact.name)) or _from_keyring(account)
    return checked(found) if found else None


def keep(account: str, key: str) -> bool:
    """Keeps a key in the keyring, or else for this session only. Returns whether it will last."""
    import keyring
    from keyring.errors import KeyringError

    key = checked(key)
    _session[account] = key
    if not _has_keyring(keyring):
        return False
    try:
        keyring.set_password(SERVICE, account, key)
    except KeyringError:
        return False
    return True


def forget(account: str) -> None:
    """Forgets a key, here and in the keyring."""
    import keyring
    from keyring.errors import KeyringError

    _session.pop(account, None)
    if _has_keyring(keyring):
        try:
            keyring.delete_password(SERVICE, account)
        except KeyringError:  # there was none
            return


def without_keys(environment: dict[str, str]) -> dict[str, str]:
    """An environment for a child: what a key stands in is left out."""
    return {name: value for name, value in environment.items() if not name.upper().startswith(VARIABLE)}


def hand_over(child: Child, artifacts: Iterable[Artifact]) -> None:
    """Tells a child the keys of its endpoints, and of which there is none."""
    for artifact in artifacts:
        if account_of(artifact) is not None:
            child.send({"cmd": "key", "of": artifact.id, "key": find(artifact)})


def _from_keyring(account: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    if not _has_keyring(keyring):
        return None
    try:
        found: str | None = keyring.get_password(SERVICE, account)
    except KeyringError:  # locked, and nobody unlocked it
        return None
    return found


def _has_keyring(keyring: Any) -> bool:
    """Whether there is one that keeps something: `fail` and `null` do not."""
    try:
        priority = float(keyring.get_keyring().priority)
    except Exception:  # a backend that cannot even say that
        return False
    return priority > 0
