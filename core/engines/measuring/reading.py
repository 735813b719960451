"""How likely a text is to a model, read in windows: logits of a long text would be gigabytes."""

from __future__ import annotations

from collections.abc import Sequence

from core.engines.runtimes.runtime import Runtime

_WINDOW = 512  # tokens read at once


def read_nll(runtime: Runtime, ids: Sequence[int]) -> float:
    """Negative log-likelihood of all tokens but the first, in nats."""
    window = min(_WINDOW, runtime.context - 1)
    nll = 0.0
    for start in range(0, len(ids) - 1, window):
        part = ids[start : start + window + 1]
        scores = runtime.log_probabilities(part[:-1])
        nll -= float(scores[range(len(part) - 1), part[1:]].sum(dtype="float64"))
    return nll
