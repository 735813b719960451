"""Asks a teacher: never twice for one answer, never beyond a limit, and each answer kept before it counts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from core.engines.generating.answers import Answers, Reply
from core.engines.generating.faults import TryAgain
from core.engines.generating.teacher import Enough, Message, Request, Teacher
from core.errors import WorkbenchError
from core.models.endpoints import Endpoint
from core.specs import GenerateSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

End = Literal["", "stopped", "budget", "tokens", "failed"]
#: More tokens than a text of so many bytes has in any tokenizer that we know.
_BYTES_A_TOKEN = 2
_MARKS_A_MESSAGE = 8


class Asking:
    """One run's questions to its teacher.

    Attributes:
        end: Why nothing more is asked; empty while it goes on.

    Args:
        teacher: Who answers.
        answers: What was answered before.
        spec: Limits and temperature.
        job: Who may ask for a stop.
        endpoint: What the teacher costs; None for a model of this computer.
    """

    def __init__(
        self,
        teacher: Teacher,
        answers: Answers,
        spec: GenerateSpec,
        job: JobContext,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.end: End = ""
        self._teacher = teacher
        self._answers = answers
        self._spec = spec
        self._job = job
        self._endpoint = endpoint
        self._under_way = 0
        self._more = (
            0,
            0,
        )  # tokens that an endpoint counts beyond what we would: its own lines, its thoughts
        self._settled = asyncio.Condition()

    async def ask(self, key: str, messages: Sequence[Message], temperature: float | None = None) -> Reply:
        """The answer under a key: of an earlier time, or asked for now.

        Raises:
            Enough: Nothing more is to be asked.
            WorkbenchError: The teacher cannot answer any more.
        """
        known = self._answers.get(key)
        if known is not None:
            return known
        size = sum(len(item["content"].encode("utf-8", "replace")) for item in messages)
        most = (
            size // _BYTES_A_TOKEN + _MARKS_A_MESSAGE * len(messages) + self._more[0],
            self._spec.max_new_tokens + self._more[1],
        )
        await self._wait_for_room(most)

        def lost() -> bool:
            if self.over():
                return False
            if not self._has_room(most):
                self.end = self._limit(most)
                return False
            self._answers.sending(key, *most)
            return True

        if self._endpoint is not None:
            self._answers.sending(key, *most)
        heat = self._spec.temperature if temperature is None else temperature
        self._under_way += 1
        try:
            reply = await self._teacher.answer(Request(key, messages, heat, self._seed(key), lost))
        except Enough:
            self._settle(key)
            self.over()
            raise
        except TryAgain as again:
            if not again.paid:
                self._settle(key)
            if self.over():
                raise Enough from again
            self.end = self.end or "failed"
            raise again.error from again
        except WorkbenchError:
            self._settle(key)
            self.end = self.end or "failed"
            raise
        finally:
            self._under_way -= 1
            async with self._settled:
                self._settled.notify_all()
        self._more = (
            self._more[0] + max(0, reply.tokens_in - most[0]),
            self._more[1] + max(0, reply.tokens_out - most[1]),
        )
        self._answers.add(key, self._hidden(reply))
        return self._hidden(reply)

    def _settle(self, key: str) -> None:
        """What was last taken note of as sent will not be paid."""
        if self._endpoint is not None:
            self._answers.settle(key)

    def over(self) -> bool:
        """Whether nothing more may be asked, and notes why; a request under way is waited for."""
        if self._job.stop_requested:
            self.end = self.end or "stopped"
        return bool(self.end)

    @property
    def cost(self) -> float:
        """What all answers cost by the endpoint's prices."""
        return self._endpoint.cost(*self._answers.used) if self._endpoint is not None else 0.0

    async def _wait_for_room(self, most: tuple[int, int]) -> None:
        """Waits while what is under way may still turn out cheaper than it could be."""
        while True:
            if self.over():
                raise Enough
            if self._has_room(most):
                return
            if not self._under_way:
                self.end = self._limit(most)
                raise Enough
            async with self._settled:
                await self._settled.wait()

    def _has_room(self, most: tuple[int, int]) -> bool:
        budget = self._spec.budget
        if self._tokens_are_short(most):
            return False
        if budget is None or self._endpoint is None:
            return True
        (used_in, used_out), (open_in, open_out) = self._answers.used, self._answers.unsettled
        return self._endpoint.cost(used_in + open_in + most[0], used_out + open_out + most[1]) <= budget

    def _limit(self, most: tuple[int, int]) -> End:
        return "tokens" if self._tokens_are_short(most) else "budget"

    def _tokens_are_short(self, most: tuple[int, int]) -> bool:
        limit = self._spec.max_tokens_total
        return limit is not None and sum((*self._answers.used, *self._answers.unsettled, *most)) > limit

    def _seed(self, key: str) -> int:
        digest = hashlib.sha256(f"{self._spec.seed}/{key}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    def _hidden(self, reply: Reply) -> Reply:
        """The reply without the endpoint's key, should it have been repeated there."""
        return Reply(**self._job.hide(vars(reply)))
