"""Every engine's first import: no hub, no telemetry, no surprise threads, before any library is loaded."""

from __future__ import annotations

import os
import sys
import urllib.parse
from typing import Any

from core.models import endpoints

#: Set before the first import of the library that reads it. Olive sends a heartbeat when its telemetry object
#: is made, *before* it looks at OLIVE_DISABLE_TELEMETRY; only a CI variable stops that one, so both are set.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "OLIVE_DISABLE_TELEMETRY": "1",
    "TF_BUILD": "True",  # one of the names by which Olive recognizes CI
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
}


def seal() -> None:
    """Puts the values in place for this process and its children."""
    os.environ.update(ENVIRONMENT)


def without_four_bit() -> None:
    """PEFT loads an installed bitsandbytes: 1.3 s and 45 MB, in vain where nothing is in 4 bits.

    Before PEFT is loaded; for the rest of the process bitsandbytes is then as if it were not installed.
    """
    sys.modules.setdefault("bitsandbytes", None)  # type: ignore[arg-type]  # None is the documented way


def close_network(address: str | None) -> None:
    """From here on this process reaches one host beyond this computer at most, whatever a library wants.

    An audit hook of the interpreter sees every connection and every look-up of a name, and nothing removes
    it. It knows the name that is looked up, but not which address came of it, so a connection is held to the
    port alone.

    Args:
        address: URL of the only host to reach; None for no one.
    """
    parts = urllib.parse.urlsplit(address or "")
    host = parts.hostname
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            wanted = _name(details[0])
            if wanted is not None and wanted != host and not endpoints.is_loopback(wanted):
                raise PermissionError(f"this job may not look up {wanted}")
        elif event == "socket.connect" and isinstance(
            details[1], tuple
        ):  # a path is a socket of this computer
            address, wanted_port = str(details[1][0]), details[1][1]
            if not endpoints.is_loopback(address) and (host is None or wanted_port != port):
                raise PermissionError(f"this job may not connect to {address}")

    sys.addaudithook(watch)


def _name(host: Any) -> str | None:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host
