"""From answers to figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

_Z95 = 1.959963984540054


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); stays inside 0 … 1, unlike the normal approximation."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + _Z95**2 / (2 * n)
    spread = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n))
    scale = 1 + _Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def percentile(values: Sequence[float], q: float) -> float:
    """The q-quantile (0 … 1) with linear interpolation between neighbours."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def right(answer: str, expected: str) -> bool:
    """Equal but for space around the text."""
    return answer.strip() == expected.strip()


def perplexity(nll: float, tokens: int) -> float | None:
    """Perplexity of the expected answers, stop token included: exp of the mean negative log-likelihood."""
    if tokens == 0:
        return None
    mean = nll / tokens
    return math.exp(mean) if mean < 700 else math.inf
