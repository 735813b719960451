"""What every teacher can do, whether it is a model here or an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.engines.generating.answers import Reply

Message = dict[str, str]


class Enough(Exception):
    """Nothing more is asked: a stop was requested, a limit is reached, or the teacher is gone."""


@dataclass(frozen=True)
class Request:
    """One thing to ask.

    Attributes:
        key: Its name within the run: the same after a resume.
        messages: What is asked.
        temperature: 0 takes the likeliest answer.
        seed: Start of a drawn answer.
        lost: To be called when what was sent may have to be paid without an answer, before it is sent again;
            says whether it may be.
    """

    key: str
    messages: Sequence[Message]
    temperature: float
    seed: int
    lost: Callable[[], bool]


class Teacher(Protocol):
    """Whoever answers."""

    #: How many requests it takes at once.
    at_once: int

    async def answer(self, request: Request) -> Reply:
        """One answer.

        Raises:
            TryAgain: It did not answer, however often it was asked.
            WorkbenchError: It will not answer, whatever is asked.
        """
        ...

    async def close(self) -> None:
        """Frees what it holds."""
        ...
