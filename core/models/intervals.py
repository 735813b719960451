"""How far chance alone could move a figure: intervals of one model, and of two on the same rows.

A figure is a function of sums over rows (`Sums`), so that one way of drawing rows again serves shares, means,
F1 and perplexity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Combine = Literal["share", "mean", "f1", "perplexity"]
#: How the rows of a main measure come together; of one that is not named here it is the mean.
COMBINED: dict[str, Combine] = {
    "accuracy": "share",
    "exact_match": "share",
    "numeric_match": "share",
    "field_f1": "f1",
    "perplexity": "perplexity",
}

_Z95 = 1.959963984540054
_DRAWS = 2000
_SEED = 17
_DRAWN_AT_ONCE = 4_000_000  # counts in memory: 32 MB


@dataclass(frozen=True)
class Sums:
    """What each row adds to a figure.

    Attributes:
        parts: (rows, k): of a share or mean one value; of F1 matched, said and wanted fields; of perplexity
            negative log-likelihood and tokens.
        combine: How the sums become the figure.
    """

    parts: Floats
    combine: Combine

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.parts)

    def value(self) -> float:
        """The figure over all rows."""
        return float(self._figure(self.parts.sum(axis=0)[None], self.n)[0])

    def each(self) -> Floats:
        """The figure of every row alone."""
        return self._figure(self.parts, 1)

    def _figure(self, sums: Floats, n: int) -> Floats:
        """Figures of (draws, k) sums over n rows each."""
        match self.combine:
            case "share" | "mean":
                return sums[:, 0] / max(n, 1)
            case "f1":
                return 2 * sums[:, 0] / np.maximum(sums[:, 1] + sums[:, 2], 1)
            case "perplexity":
                return np.exp(np.minimum(sums[:, 0] / np.maximum(sums[:, 1], 1), 700.0))

    @cached_property
    def drawn(self) -> Floats:
        """The figure of 2,000 draws of rows with replacement; equal seeds draw equal rows for every model."""
        return np.concatenate([self._figure(counts @ self.parts, self.n) for counts in _draws(self.n)])

    def interval(self) -> tuple[float, float]:
        """95 %: Wilson's of a share, by the bootstrap of anything else."""
        if self.n == 0:
            return 0.0, 1.0
        if self.combine == "share":
            return wilson(round(float(self.parts.sum())), self.n)
        return _middle95(self.drawn)


@dataclass(frozen=True)
class Difference:
    """The second model's figure less the first's, on the same rows.

    Attributes:
        value: The difference; of perplexity the relative change (0.1 is 10 % more).
        ci95: Its paired 95 % interval.
        p_value: McNemar's exact test; of shares only.
    """

    value: float
    ci95: tuple[float, float]
    p_value: float | None = None


def difference(first: Sums, second: Sums) -> Difference:
    """Compares two models row by row: what both get right or wrong tells nothing and blurs nothing.

    Shares: Bonett and Price's interval (2012), which does not collapse when every row changes the same way;
    anything else: bootstrap over the rows.
    """
    if first.combine == "share":
        gained = int(((second.parts > 0.5) & (first.parts <= 0.5)).sum())
        lost = int(((second.parts <= 0.5) & (first.parts > 0.5)).sum())
        share = (gained - lost) / max(first.n, 1)
        return Difference(share, bonett_price(gained, lost, first.n), mcnemar(gained, lost))
    one, other = first.drawn, second.drawn
    if first.combine == "perplexity":
        return Difference(second.value() / first.value() - 1, _middle95(other / one - 1))
    return Difference(second.value() - first.value(), _middle95(other - one))


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); stays inside 0 … 1, unlike the normal approximation."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + _Z95**2 / (2 * n)
    spread = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n))
    scale = 1 + _Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def bonett_price(gained: int, lost: int, n: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares on the same n rows."""
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = _Z95 * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(-1.0, up - down - spread), min(1.0, up - down + spread)


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p-value: how often chance moves as many rows one way as here, or more."""
    moved = gained + lost
    if moved == 0:
        return 1.0
    ways = sum(math.comb(moved, count) for count in range(min(gained, lost) + 1))
    return min(1.0, float(2 * ways / 2**moved)) if moved < 1000 else _mcnemar_large(gained, lost)


def _mcnemar_large(gained: int, lost: int) -> float:
    """The normal approximation with continuity correction, exact to three digits from 1,000 moved rows on."""
    z = max(0.0, abs(gained - lost) - 1) / math.sqrt(gained + lost)
    return math.erfc(z / math.sqrt(2))


def percentile(values: Sequence[float], q: float) -> float:
    """The q-quantile (0 … 1) with linear interpolation between neighbours."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _draws(n: int) -> list[Floats]:
    """How often each row is drawn: parts of (2,000, n), the same for equal n."""
    chance = np.random.default_rng(_SEED)
    at_once = max(1, min(_DRAWS, _DRAWN_AT_ONCE // max(n, 1)))
    sizes = [min(at_once, _DRAWS - start) for start in range(0, _DRAWS, at_once)]
    return [chance.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64) for size in sizes]


def _middle95(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
