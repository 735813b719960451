"""Asks in a process of its own, where a crash is only a fault of what is asked."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.engines.checking.check import Check, check

T = TypeVar("T")


def ask(look: Callable[..., T], *given: Any, died: str, refuses: str, method: str = "spawn") -> T | Check:
    """What `look` found, or a red check.

    Args:
        look: Body of the process; it and what it is given can be pickled.
        given: Its arguments.
        died: The fault when the process crashes.
        refuses: The fault when it raises; the reason follows.
        method: How the process is started.
    """
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            return pool.submit(look, *given).result()
    except BrokenProcessPool:
        return check("loads", False, "", died)
    except Exception as error:  # whatever loading raises; the reason is what counts
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        return check("loads", False, "", f"{refuses}: {first}")


def nearness(pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> tuple[float, float]:
    """Share of positions with the same likeliest token, and mean KL divergence in nats.

    Args:
        pairs: Log-probabilities of the copy and of its source, each (positions, vocabulary).
    """
    equal, distance, positions = 0, 0.0, 0
    for ours, source in pairs:
        theirs = source.astype(np.float32)
        equal += int((ours.argmax(-1) == theirs.argmax(-1)).sum())
        distance += float((np.exp(theirs) * (theirs - ours.astype(np.float32))).sum())
        positions += len(theirs)
    return equal / positions, distance / positions
