"""A model at another computer's address: where it is and what it costs. Its key is never here.

Plain http is taken on this computer only, and an address holds neither a user nor a query: both could carry
a secret into files and logs.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InputError, IntegrityError
from core.workspace import durable

FILE = "endpoint.json"
FORMAT = "endpoint"
_MILLION = 1_000_000
_ROUTE = "/chat/completions"
_DEFAULT_PATH = "/v1"


class Endpoint(BaseModel):
    """The content of `endpoint.json`.

    Attributes:
        url: Where `/chat/completions` is below.
        model: Which of its models is asked; empty names none.
        price_in: What a million tokens of prompts cost; None when it was not said.
        price_out: The same for answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str = ""
    price_in: float | None = None
    price_out: float | None = None

    @property
    def host(self) -> str:
        """The host with its port, as a person is told it."""
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def account(self) -> str:
        """What its key belongs to: host and path."""
        return self.url.partition("://")[2]

    @property
    def route(self) -> str:
        """The address that is asked."""
        return f"{self.url}{_ROUTE}"

    @property
    def has_prices(self) -> bool:
        """Whether its costs are known."""
        return self.price_in is not None and self.price_out is not None

    def cost(self, tokens_in: float, tokens_out: float) -> float:
        """What so many tokens cost; what has no price costs nothing."""
        return ((self.price_in or 0.0) * tokens_in + (self.price_out or 0.0) * tokens_out) / _MILLION


def normalised(address: str) -> str:
    """An address as it is kept: without a slash at the end, with `/v1` where it has no path.

    Raises:
        InputError: It is no address of an endpoint, or would send a key in the open.
    """
    text = address.strip()
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_address(text) from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InputError(
            "An address must not hold a user, a password or a query.",
            why="It would stand in files and logs, where no secret belongs.",
            fix="Give the plain address; the key is asked for on its own.",
            code="endpoint.secret",
        )
    if parts.scheme not in ("http", "https") or not host or not _is_plain(text):
        raise _no_address(text)
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(
            f"{host} cannot be asked by plain http.",
            why="Everyone on the way could read your data and your key.",
            fix=f"Write https://{parts.netloc}{parts.path}. Plain http is taken on this computer only.",
            code="endpoint.plain_http",
        )
    path = parts.path.rstrip("/").removesuffix(_ROUTE).rstrip("/") or _DEFAULT_PATH
    written = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{written}{f':{port}' if port is not None else ''}{path}"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _no_address(text: str) -> InputError:
    return InputError(
        f"{text[:100]!r} is no address of an endpoint.",
        why="It is written https://HOST/PATH.",
        fix="Copy the base address from its documentation, such as https://api.example.com/v1.",
        code="endpoint.address",
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read(folder: Path) -> Endpoint:
    """The endpoint of a model's folder.

    Raises:
        IntegrityError: It cannot be read.
    """
    try:
        return Endpoint.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise IntegrityError(
            "The endpoint cannot be read.",
            why=f"Its {FILE} is missing or damaged.",
            fix="Remove it and add it again.",
            details=str(error),
        ) from error


def write(folder: Path, endpoint: Endpoint) -> None:
    """Writes `endpoint.json`."""
    durable.write_json(folder / FILE, endpoint.model_dump(mode="json"))
