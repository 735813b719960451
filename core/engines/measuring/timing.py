"""From single times to figures: medians, by length of the prompt, and against what the machine can do."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from core.engines.measuring.task import Finished, Spent, Timed
from core.models.fit import energy
from core.models.intervals import percentile
from core.models.speed import Energy, Latency, LengthLatency, Timing

_LENGTHS: tuple[Literal["short", "medium", "long"], ...] = ("short", "medium", "long")


def latency(times: Sequence[Timed]) -> Latency | None:
    """Medians and 95th percentiles; of single tokens over all tokens of all answers."""
    if not times:
        return None
    firsts, totals = [time.ttft_ms for time in times], [time.total_ms for time in times]
    tokens = [token for time in times for token in time.token_ms]
    return Latency(
        ttft_p50=percentile(firsts, 0.5),
        ttft_p95=percentile(firsts, 0.95),
        total_p50=percentile(totals, 0.5),
        total_p95=percentile(totals, 0.95),
        token_p50=percentile(tokens, 0.5) if tokens else None,
        token_p95=percentile(tokens, 0.95) if tokens else None,
    )


def thirds(characters: Mapping[int, int]) -> list[list[int]]:
    """Rows in a shortest, a middle and a longest third: the same for models that count tokens differently.

    Fewer than three rows are one group.
    """
    rows = sorted(characters, key=lambda row: (characters[row], row))
    if len(rows) < len(_LENGTHS):
        return []
    bounds = [place * len(rows) // len(_LENGTHS) for place in range(len(_LENGTHS) + 1)]
    return [rows[start:end] for start, end in pairwise(bounds)]


def by_length(
    times: Sequence[Timed], groups: Sequence[Sequence[int]], tokens: Mapping[int, int]
) -> tuple[LengthLatency, ...]:
    """The times of each group of rows, with the tokens that their prompts have."""
    found = []
    for name, rows in zip(_LENGTHS, groups, strict=False):
        own = latency([time for time in times if time.row in rows])
        if own is None:
            continue
        counts = [tokens[row] for row in rows]
        found.append(
            LengthLatency(
                length=name,
                prompts=len(rows),
                tokens_least=min(counts),
                tokens_most=max(counts),
                **own.model_dump(),
            )
        )
    return tuple(found)


def spread(times: Sequence[Timed]) -> float | None:
    """By how much the median of the slowest pass is above that of the fastest; None with one pass."""
    turns = sorted({time.turn for time in times})
    if len(turns) < 2:
        return None
    medians = [percentile([time.total_ms for time in times if time.turn == turn], 0.5) for turn in turns]
    return max(medians) / min(medians) - 1 if min(medians) > 0 else None


def mean_ms(times: Sequence[Timed]) -> float:
    """How long an answer takes on average: slow prompts count, passes in which others were at work do not."""
    by_row: dict[int, list[float]] = {}
    for time in times:
        by_row.setdefault(time.row, []).append(time.total_ms)
    return statistics.mean(percentile(own, 0.5) for own in by_row.values())


def an_answer_takes(spent: Spent, answers: int) -> Energy:
    """Energy by the processor's counters, or estimated from the time that its cores worked."""
    if spent.joules is not None:
        return Energy(joules_an_answer=spent.joules / answers, is_measured=True)
    return Energy(
        joules_an_answer=energy.estimated(spent.processor_s, spent.wall_s) / answers,
        is_measured=False,
        watts_a_core=energy.WATTS_A_CORE,
        watts_rest=energy.WATTS_REST,
    )


def summary(
    times: Sequence[Timed],
    groups: Sequence[Sequence[int]],
    tokens: Mapping[int, int],
    finished: Finished | None,
    weight_bytes: int | None,
    warm_up: int,
) -> Timing | None:
    """Everything about one model's times.

    Args:
        times: Its timed answers.
        groups: Their rows by length.
        tokens: Tokens of their prompts.
        finished: The end of its measurement; None where it was stopped before.
        weight_bytes: Bytes of weights that are read for each token.
        warm_up: Answers given before.
    """
    if not times:
        return None
    best = finished.ceilings if finished is not None else None
    speed = finished.tokens_per_s if finished is not None else 0.0
    spent = finished.spent if finished is not None else None
    share = speed * weight_bytes / (best.read_gb_s * 1e9) if best and weight_bytes and speed else None
    rows = {time.row for time in times}
    return Timing(
        prompts=len(rows),
        repeats=max(time.turn for time in times) + 1,
        warm_up=min(warm_up, len(rows)),
        spread=spread(times),
        answers_an_hour=3_600_000 / mean_ms(times),
        by_length=by_length(times, groups, tokens),
        energy=an_answer_takes(spent, len(times)) if spent else None,
        ceilings=best,
        weight_bytes_a_token=weight_bytes,
        bandwidth_share=share,
    )
