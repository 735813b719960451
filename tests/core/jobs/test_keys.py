"""Keys of endpoints: where they are kept, what is found first, and what a child may reach."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from core.jobs import keys
from core.workspace.records import Artifact

ACCOUNT = "api.example.com/v1"


class Memory(KeyringBackend):
    """A keyring in memory."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.held.pop((service, username), None)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    before, made = keyring.get_keyring(), Memory()
    monkeypatch.setattr(keys, "_session", {})
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def artifact(name: str = "far") -> Artifact:
    meta = {"format": "endpoint", "endpoint": {"url": f"https://{ACCOUNT}"}}
    return Artifact("i", "model", name, "", 0, 0.0, "r", meta)


def test_a_key_is_kept_in_the_keyring_under_host_and_path(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys.keep(ACCOUNT, " sk-kept ")
    assert memory.held == {("slm-workbench", ACCOUNT): "sk-kept"}
    monkeypatch.setattr(keys, "_session", {})
    assert keys.find(artifact()) == "sk-kept"
    keys.forget(ACCOUNT)
    assert memory.held == {}
    assert keys.find(artifact()) is None


def test_the_environment_comes_before_the_keyring(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.set_password("slm-workbench", ACCOUNT, "sk-kept")
    monkeypatch.setenv("SLM_WORKBENCH_KEY_FAR", "sk-environment")
    assert keys.find(artifact()) == "sk-environment"
    assert keys.find(artifact("other")) == "sk-kept"


def test_without_a_keyring_a_key_lasts_for_this_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_session", {})
    assert not keys.keep(ACCOUNT, "sk-session")
    assert keys.find(artifact()) == "sk-session"
    keys.forget(ACCOUNT)
    assert keys.find(artifact()) is None


def test_another_model_has_no_key() -> None:
    assert keys.find(Artifact("i", "model", "far", "", 0, 0.0, "r", {"format": "hf"})) is None


SCRIPT = """
import socket, sys
from core.engines.seal import close_network
close_network(sys.argv[1] or None)
def tried(do):
    try:
        do()
    except PermissionError:
        return "closed"
    except OSError:
        return "open"
    return "open"
socket.setdefaulttimeout(0.2)
print(
    tried(lambda: socket.getaddrinfo("api.example.invalid", 443)),
    tried(lambda: socket.getaddrinfo("elsewhere.invalid", 443)),
    tried(lambda: socket.create_connection(("127.0.0.1", 9))),
    tried(lambda: socket.create_connection(("192.0.2.1", 80))),
)
"""


@pytest.mark.parametrize(
    ("address", "seen"),
    [("", "closed closed open closed"), ("https://api.example.invalid/v1", "open closed open closed")],
)
def test_a_child_reaches_its_endpoint_alone(address: str, seen: str) -> None:
    """Addresses of 192.0.2.0/24 and names under .invalid lead nowhere by agreement."""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, address], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == seen
