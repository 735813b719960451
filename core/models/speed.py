"""How fast a model answers and what that takes, and what the machine could do at best in the same minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

#: Passes on a quiet machine differ by 1 to 5 %; beyond this share other programs were at work.
_APART = 0.1


class Latency(BaseModel, frozen=True, extra="forbid"):
    """Milliseconds of prompts answered alone.

    Attributes:
        ttft_p50: To the first token, the median.
        ttft_p95: To the first token, of 20 answers the slowest but one.
        total_p50: To the last token.
        total_p95: The same.
        token_p50: From one token to the next; None where no answer has two.
        token_p95: The same.
    """

    ttft_p50: float
    ttft_p95: float
    total_p50: float
    total_p95: float
    token_p50: float | None = None
    token_p95: float | None = None


class LengthLatency(Latency, frozen=True, extra="forbid"):
    """The same of the prompts of one length. Every model is timed on the same rows.

    Attributes:
        length: The shortest third of the timed prompts, the middle one, or the longest.
        prompts: How many.
        tokens_least: Tokens of the shortest of them, as this model counts.
        tokens_most: Tokens of the longest.
    """

    length: Literal["short", "medium", "long"]
    prompts: int
    tokens_least: int
    tokens_most: int


class Energy(BaseModel, frozen=True, extra="forbid"):
    """What an answer takes of electricity.

    Attributes:
        joules_an_answer: Averaged over the timed prompts.
        is_measured: Whether the processor's own counters were read, which count everything that it does;
            otherwise it is estimated from the processor's time.
        watts_a_core: Assumed for a busy core, where it is estimated.
        watts_rest: Assumed for the rest of the computer.
    """

    joules_an_answer: float
    is_measured: bool
    watts_a_core: float | None = None
    watts_rest: float | None = None

    @property
    def wh_a_thousand(self) -> float:
        """Watt-hours of a thousand answers."""
        return self.joules_an_answer * 1000 / 3600


class Ceilings(BaseModel, frozen=True, extra="forbid"):
    """The machine's own best, measured in the same minute as the model, on as many cores.

    Attributes:
        read_gb_s: Gigabytes a second read from memory.
        gflops: Billions of operations a second of an fp32 matrix product.
    """

    read_gb_s: float
    gflops: float


class Timing(BaseModel, frozen=True, extra="forbid"):
    """How the times were taken, and what they mean on this machine.

    Attributes:
        prompts: Prompts answered alone.
        repeats: How often each.
        warm_up: Prompts answered before, whose times do not count.
        spread: By how much the slowest pass's median is above the fastest's: 0.02 is 2 %.
        answers_an_hour: Of one conversation after the other, by the mean over the prompts of each one's
            median pass: slow prompts count, slow passes do not.
        by_length: The times by length of the prompt, the shortest first.
        energy: What an answer takes.
        ceilings: What the machine could do.
        weight_bytes_a_token: Bytes of weights that are read for each token.
        bandwidth_share: That times tokens a second, as a share of what the machine can read: 1 is the limit.
    """

    prompts: int
    repeats: int
    warm_up: int
    spread: float | None = Field(None, description="None with a single pass.")
    answers_an_hour: float | None = None
    by_length: tuple[LengthLatency, ...] = ()
    energy: Energy | None = None
    ceilings: Ceilings | None = None
    weight_bytes_a_token: int | None = None
    bandwidth_share: float | None = None

    @property
    def mean_ms(self) -> float | None:
        """How long an answer takes on average, as `answers_an_hour` counts it."""
        return 3_600_000 / self.answers_an_hour if self.answers_an_hour else None

    @property
    def apart(self) -> float | None:
        """The spread, where the passes differ so much that the time of an answer is rough."""
        return self.spread if self.spread is not None and self.spread > _APART else None


def how_timed(timings: Sequence[Timing]) -> str:
    """How often, by how much the passes differ, and what the figures are.

    Args:
        timings: Of every model of a report, at least one.
    """
    first, spreads = timings[0], sorted(each.spread for each in timings if each.spread is not None)
    times = "once" if first.repeats == 1 else f"{first.repeats} times"
    warm = f" after {first.warm_up} to warm up" if first.warm_up else ""
    differ = f"; the passes' medians differ by {spreads[-1]:.1%}" if spreads else ""
    if spreads and len(timings) > 1:
        differ = f"; the passes' medians differ by {spreads[0]:.1%} to {spreads[-1]:.1%}"
    return (
        f"Timed alone: {first.prompts} prompts, each {times}{warm}{differ}. Times are p50 (median) / p95; "
        "answers an hour go by the mean over the prompts."
    )


def how_energy(energy: Energy) -> str:
    """Where the energy's figure comes from."""
    if energy.is_measured:
        return "Energy: by the processor's own counters, which count everything that it did meanwhile."
    return (
        f"Energy: estimated, with {energy.watts_a_core:.0f} W for each busy core and "
        f"{energy.watts_rest:.0f} W for the rest of the computer, since the processor's counters cannot be "
        "read here."
    )


def how_fast_it_reads(best: Ceilings) -> str:
    """What the machine could do at best."""
    return (
        f"This machine, measured in the same minute: reads {best.read_gb_s:.1f} GB/s, multiplies "
        f"{best.gflops:.0f} GFLOP/s. Each token reads all weights once; that is the share of read speed."
    )
