"""The highest memory of this process over a stretch of work."""

from __future__ import annotations

import contextlib
import threading
import time

import psutil

from core.jobs.sampling import peak_rss_bytes

_POLL_S = 0.02


class PeakMeter:
    """Reads the highest memory since the last reading.

    Linux forgets the old peak when asked (`/proc/self/clear_refs`); elsewhere a thread looks often.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._polled = 0
        self._exact = _forget_peak()
        if not self._exact:
            threading.Thread(target=self._poll, name="peak", daemon=True).start()

    def now(self) -> int:
        """Bytes in memory now."""
        return int(self._process.memory_info().rss)

    def take(self) -> int:
        """Highest bytes in memory since the last call; begins anew."""
        now = self.now()
        if self._exact:
            highest = peak_rss_bytes()
            _forget_peak()
        else:
            highest, self._polled = self._polled, now
        return max(highest, now)

    def _poll(self) -> None:
        while True:
            with contextlib.suppress(psutil.Error):
                self._polled = max(self._polled, self.now())
            time.sleep(_POLL_S)


def _forget_peak() -> bool:
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return False
    return True
