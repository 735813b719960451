"""For every test: nothing leaves this machine, and nobody's own workspace or settings are touched."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"  # nobody's own secrets
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", DO_NOT_TRACK="1", OLIVE_DISABLE_TELEMETRY="1")


def _take_own_cores() -> None:
    """Tests that run beside each other keep to their own cores, with all processes that they start.

    Two matrix products that share cores wait for each other, ten times as long.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        own = cores[int(worker[2:]) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]
        os.sched_setaffinity(0, own or cores)


_take_own_cores()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long starts first, so that nothing waits for it alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """A home of its own for each test."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SLM_WORKBENCH_HOME", str(home / "workspace"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """A connection to anything but this machine fails the test that tries it."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            local = host == "localhost"
            with contextlib.suppress(ValueError):
                local = local or ipaddress.ip_address(host).is_loopback
            if not local:
                pytest.fail(f"a connection to {host} was tried")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
