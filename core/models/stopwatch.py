"""The shortest time that some work takes here: other programs make a computer look slower, never faster."""

from __future__ import annotations

import time
from collections.abc import Callable


def fastest(work: Callable[[], object], seconds: float, cores: int = 0) -> float:
    """Seconds of the best of several tries.

    Args:
        work: What is timed; its first run, which wakes threads and prepares kernels, does not count.
        seconds: For how long it is tried; once at least, however busy the computer.
        cores: How many it uses: then the processor's own time, spread over them, counts as well, which beside
            other programs is the only honest one. 0 goes by the clock alone.
    """
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while best == float("inf") or time.perf_counter() < end:
        began, used = time.perf_counter(), time.process_time()
        work()
        took, used = time.perf_counter() - began, time.process_time() - used
        best = min(best, took, max(used, 1e-9) / cores if cores else took)
    return best
