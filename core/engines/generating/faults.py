"""What can go wrong with an endpoint: what is worth another try, and one clear message for what is not."""

from __future__ import annotations

import email.utils
import ssl
import time
from collections.abc import Iterator

import httpx2

from core.errors import JobError

#: Longer than this nobody waits for an endpoint that says when to come back.
LONGEST_WAIT_S = 300.0
_RESUME = "Then `runs resume` goes on; no answer is asked for twice."
_SHOWN = 200


class TryAgain(Exception):
    """Another try may go better.

    Attributes:
        error: What to say if it never does.
        wait_s: How long the endpoint wants us to wait; None where it does not say.
        paid: Whether what was sent may have to be paid.
    """

    def __init__(self, error: JobError, *, wait_s: float | None = None, paid: bool = False) -> None:
        super().__init__(error.what)
        self.error = error
        self.wait_s = wait_s
        self.paid = paid


class NotTaken(Exception):
    """This one request is not taken, others may be: too long, or against the endpoint's rules."""


def of_status(status: int, said: str, after: str | None, host: str, *, has_key: bool) -> Exception:
    """An answer that is no success.

    Args:
        status: The HTTP status.
        said: What the endpoint says, shortened.
        after: Its `Retry-After`.
        host: Who answered.
        has_key: Whether a key was sent.
    """
    said = f"It answered {status}{f': {said[:_SHOWN]}' if said else ''}."
    if status in (401, 403):
        return _error(
            "key",
            f"{host} does not accept the key." if has_key else f"{host} wants a key.",
            said,
            f"`slm-workbench models key N` takes the right one. {_RESUME}",
        )
    if status == 402:
        return _error("paid", f"{host} wants to be paid first.", said, f"Pay there. {_RESUME}")
    if 300 <= status < 400:
        return _error(
            "redirect",
            f"{host} sends us elsewhere, and we do not follow.",
            f"{said} Your data and your key go only to the host that you agreed to.",
            "Add the endpoint again with its present address.",
        )
    if status == 404:
        return _error(
            "unknown",
            f"{host} does not know this address or model.",
            said,
            "Check the endpoint's URL and model.",
        )
    if status == 429:
        error = _error("busy", f"{host} has had enough of our requests.", said, f"Wait. {_RESUME}")
        wait = seconds(after)
        if wait is not None and wait > LONGEST_WAIT_S:
            error.why = f"{said} It wants {wait:.0f} seconds without any."
            return error
        return TryAgain(error, wait_s=wait)
    if status == 408 or status >= 500:
        error = _error("down", f"{host} has trouble of its own.", said, f"Try later. {_RESUME}")
        wait = seconds(after)
        return TryAgain(error, wait_s=None if wait is None else min(wait, LONGEST_WAIT_S))
    return NotTaken(said)


def of_transport(error: Exception, host: str) -> Exception:
    """A request that got no answer. Its own words are not repeated: a header may stand in them."""
    causes = list(_causes(error))
    if any(isinstance(item, ssl.SSLCertVerificationError) for item in causes):
        why = next(item.verify_message for item in causes if isinstance(item, ssl.SSLCertVerificationError))
        return _error(
            "certificate",
            f"{host} cannot prove that it is {host}.",
            f"Its certificate does not verify: {why}.",
            "Ask whoever runs it for a right certificate. It is never left unchecked.",
        )
    if any(isinstance(item, ConnectionRefusedError) for item in causes):
        text = "Nothing listens there."
        return TryAgain(_error("refused", f"{host} is not there.", text, f"Start it. {_RESUME}"))
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        sent = not isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout)
        text = "It took longer than it may (timeout_s)."
        return TryAgain(
            _error("slow", f"{host} does not answer in time.", text, f"Try later. {_RESUME}"), paid=sent
        )
    if isinstance(error, httpx2.ConnectError):
        why = "The name is not known, or there is no way to it."
        return TryAgain(
            _error("unreachable", f"{host} cannot be reached.", why, f"Check the network. {_RESUME}")
        )
    if isinstance(error, httpx2.TransportError | httpx2.DecodingError):
        why = f"The connection broke off in the middle ({type(error).__name__})."
        return TryAgain(
            _error("cut", f"{host} does not finish its answer.", why, f"Try later. {_RESUME}"), paid=True
        )
    return error


def malformed(host: str) -> TryAgain:
    """An answer in another form than the protocol's; it came, so it may have to be paid."""
    error = _error(
        "malformed",
        f"{host} does not answer as an OpenAI-compatible endpoint does.",
        "Its answer is no JSON with choices and a message.",
        "Check the address; it is the one below which /chat/completions is.",
    )
    return TryAgain(error, paid=True)


def never_taken(host: str, why: str) -> JobError:
    """No request was ever taken: something is wrong with all of them."""
    return _error(
        "not_taken",
        f"{host} takes none of our requests.",
        why,
        f"Check the model's name and the settings, such as max_new_tokens and temperature. {_RESUME}",
    )


def seconds(after: str | None) -> float | None:
    """`Retry-After` in seconds, whether it is a number or a date; None where it is neither."""
    if not after:
        return None
    try:
        return max(0.0, float(after))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(after).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _error(code: str, what: str, why: str, fix: str) -> JobError:
    return JobError(what, why=why, fix=fix, code=f"endpoint.{code}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        item = waiting.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__]
        if isinstance(item, BaseExceptionGroup):
            waiting += item.exceptions
