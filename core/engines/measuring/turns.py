"""How long an answer of several models takes, timed in turn in this process."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Hashable, Mapping
from typing import TypeVar

from core.engines.runtimes.runtime import Runtime

_ROUNDS = 9

Key = TypeVar("Key", bound=Hashable)


def in_turn(runtimes: Mapping[Key, Runtime], tokens: int, lengths: tuple[int, int]) -> dict[Key, float]:
    """Median milliseconds of an answer of each; in turn, so that a busy minute hits all alike.

    Args:
        runtimes: The opened models.
        tokens: Size of their vocabulary; the prompt is drawn from it by chance.
        lengths: Tokens of a prompt and of an answer.
    """
    chance = random.Random(0)
    prompt = [chance.randrange(tokens) for _ in range(lengths[0])]
    seconds: dict[Key, list[float]] = {key: [] for key in runtimes}
    for _ in range(_ROUNDS + 1):
        for key, runtime in runtimes.items():
            began = time.perf_counter()
            for _token in runtime.stream(prompt, lengths[1], stop=False):
                pass
            seconds[key].append(time.perf_counter() - began)
    return {key: statistics.median(spent[1:]) * 1000 for key, spent in seconds.items()}
