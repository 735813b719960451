"""When the next request may leave: not faster than agreed, and not before an endpoint wants one again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_LOOK_S = 0.2


class Pace:
    """One endpoint's pace, for all requests together.

    Args:
        per_minute: At most so many requests; None sets no limit.
        is_over: Whether nobody wants to go on; asked while waiting.
    """

    def __init__(self, per_minute: int | None, is_over: Callable[[], bool]) -> None:
        self._gap_s = 60.0 / per_minute if per_minute else 0.0
        self._is_over = is_over
        self._next = 0.0

    async def turn(self) -> None:
        """Waits for one's turn."""
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + self._gap_s
        await self.sleep(at - now)

    def pause(self, wait_s: float) -> None:
        """Lets nobody leave for so long."""
        self._next = max(self._next, time.monotonic() + wait_s)

    async def sleep(self, wait_s: float) -> None:
        """Waits, but no longer than anybody wants to go on."""
        end = time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0 and not self._is_over():
            await asyncio.sleep(min(left, _LOOK_S))
