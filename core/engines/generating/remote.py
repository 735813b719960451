"""An OpenAI-compatible endpoint as the teacher: one request an answer, tried again where that may help.

The key goes to exactly this address: no redirect is followed, no proxy and no `.netrc` is asked, and an
answer's text never shows it.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import tenacity
from tenacity import RetryCallState

from core.engines.generating import faults
from core.engines.generating.answers import Reply
from core.engines.generating.faults import NotTaken, TryAgain
from core.engines.generating.pace import Pace
from core.engines.generating.teacher import Enough, Request
from core.models.endpoints import Endpoint
from core.specs import GenerateSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

TRIES = 6
BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 30.0
_CONNECT_S = 15.0
_LARGEST_ANSWER_BYTES = 16 << 20
_CHARACTERS_A_TOKEN = 4
_MOST_TOKENS = 100_000_000
_NOT_TAKEN_BEFORE_GIVING_UP = 3


class RemoteTeacher:
    """Asks an endpoint.

    Args:
        spec: How it answers, and how hard we try.
        endpoint: Where it is.
        key: What lets us in; None without one.
        job: Who may ask for a stop.
    """

    def __init__(self, spec: GenerateSpec, endpoint: Endpoint, key: str | None, job: JobContext) -> None:
        self.at_once = spec.concurrency
        self._spec = spec
        self._endpoint = endpoint
        self._job = job
        self._has_key = key is not None
        self._pace = Pace(spec.requests_per_minute, lambda: job.stop_requested)
        self._backoff = tenacity.wait_random_exponential(multiplier=BACKOFF_S, max=LONGEST_BACKOFF_S)
        self._answered = self._not_taken = 0
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(spec.timeout_s, connect=min(_CONNECT_S, spec.timeout_s), pool=None),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def answer(self, request: Request) -> Reply:
        """One answer, after several tries if need be.

        Raises:
            TryAgain: It could not be had; says why and what to do.
            JobError: It cannot be had at all.
        """
        tries = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TryAgain),
            stop=lambda state: state.attempt_number >= TRIES or self._job.stop_requested,
            wait=self._wait,
            before_sleep=lambda state: self._before_next(state, request),
            sleep=self._pace.sleep,
            reraise=True,
        )
        try:
            reply: Reply = await tries(self._try, request)
        except NotTaken as refusal:
            return self._refused(str(refusal))
        self._answered += 1
        return reply

    def _wait(self, state: RetryCallState) -> float:
        """What the endpoint asks for, and a little more; otherwise up to twice as long each time."""
        backoff = self._backoff(state)
        again = _failure(state)
        return backoff if again.wait_s is None else again.wait_s + min(backoff, BACKOFF_S)

    def _before_next(self, state: RetryCallState, request: Request) -> None:
        again = _failure(state)
        if again.paid and not request.lost():
            raise again
        if again.wait_s:
            self._pace.pause(again.wait_s)  # for all of us: the others would only be turned away too
        self._job.log(f"{again.error.what} {again.error.why} Try {state.attempt_number} of {TRIES}.")

    async def _try(self, request: Request) -> Reply:
        await self._pace.turn()
        if self._job.stop_requested:
            raise Enough
        asked = {
            **({"model": self._endpoint.model} if self._endpoint.model else {}),
            "messages": list(request.messages),
            "temperature": request.temperature,
            "top_p": self._spec.top_p,
            "max_tokens": self._spec.max_new_tokens,
            "stream": False,
        }
        host = self._endpoint.host
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                status, after, body = await self._post(asked)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise faults.of_transport(error, host) from None
        if not 200 <= status < 300:
            raise faults.of_status(status, _said(body), after, host, has_key=self._has_key)
        reply = _reply(body, asked)
        if reply is None:
            raise faults.malformed(host)
        return reply

    async def _post(self, asked: dict[str, Any]) -> tuple[int, str | None, bytes]:
        async with self._client.stream("POST", self._endpoint.route, json=asked) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _LARGEST_ANSWER_BYTES:
                    raise httpx2.DecodingError("too large")
            return response.status_code, response.headers.get("Retry-After"), bytes(body)

    def _refused(self, why: str) -> Reply:
        """A request that was not taken costs its row; where none ever was, something is wrong with all."""
        self._not_taken += 1
        if not self._answered and self._not_taken >= _NOT_TAKEN_BEFORE_GIVING_UP:
            raise faults.never_taken(self._endpoint.host, why)
        return Reply("", 0, 0, refused=why)


def _failure(state: RetryCallState) -> TryAgain:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, TryAgain)
    return error


def _reply(body: bytes, asked: dict[str, Any]) -> Reply | None:
    """The answer in a body of the protocol's form; None in any other."""
    try:
        found = json.loads(body)
        choice = found["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    text = "" if text is None else text
    if not isinstance(text, str):
        return None
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    before = sum(len(item["content"]) for item in asked["messages"])
    return Reply(
        text=_unicode(text),
        tokens_in=_count(usage.get("prompt_tokens"), before),
        tokens_out=_count(usage.get("completion_tokens"), len(text)),
        cut=choice.get("finish_reason") == "length",
    )


def _count(said: Any, characters: int) -> int:
    """Tokens as the endpoint counts them; where it does not say, by length."""
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= _MOST_TOKENS:
        return said
    return characters // _CHARACTERS_A_TOKEN + 1


def _said(body: bytes) -> str:
    """The message of an answer that is no success, in one line."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    said = found.get("error") if isinstance(found, dict) else None
    message = said.get("message") if isinstance(said, dict) else said
    return " ".join(_unicode(message).split()) if isinstance(message, str) else ""


def _unicode(text: str) -> str:
    """The text with a question mark for each half of a character, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
