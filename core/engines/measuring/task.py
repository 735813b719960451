"""What goes to a measuring process and what comes back: plain picklable records."""

from __future__ import annotations

from dataclasses import dataclass

from core.engines.runtimes.runtime import Answer, Source
from core.models.speed import Ceilings


@dataclass(frozen=True)
class GeneralTask:
    """What is asked apart from the task, as tokens.

    Attributes:
        prompts: One prompt a question.
        choices: Its answers.
        texts: Stretches of plain text.
    """

    prompts: tuple[tuple[int, ...], ...]
    choices: tuple[tuple[tuple[int, ...], ...], ...]
    texts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Task:
    """One model's whole measurement, as tokens, so that its process loads nothing but the runtime.

    Attributes:
        source: The model.
        prompts: One prompt a row.
        expected: The expected answers with their stop tokens, row by row.
        max_new_tokens: An answer is cut here.
        batch_size: Rows answered at once.
        timed: Row numbers answered one by one for latency.
        repeats: How often each of them.
        warm_up: How many of them are answered before, without counting.
        documents: Whole texts to read in place of answering (pretraining), one a row.
        general: What else is asked, if anything.
    """

    source: Source
    prompts: tuple[tuple[int, ...], ...]
    expected: tuple[tuple[int, ...], ...]
    max_new_tokens: int
    batch_size: int
    timed: tuple[int, ...]
    repeats: int = 1
    warm_up: int = 0
    documents: tuple[tuple[int, ...], ...] = ()
    general: GeneralTask | None = None


@dataclass(frozen=True)
class Loaded:
    """The model is in memory."""

    seconds: float


@dataclass(frozen=True)
class Answered:
    """Some rows are answered."""

    rows: tuple[int, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Timed:
    """One prompt answered alone, from its tokens to its last token.

    Attributes:
        row: Which.
        turn: The how manieth time, from 0.
        ttft_ms: To the first token.
        total_ms: To the last.
        token_ms: From each token to the next.
    """

    row: int
    turn: int
    ttft_ms: float
    total_ms: float
    token_ms: tuple[float, ...]


@dataclass(frozen=True)
class Spent:
    """What all timed answers together took.

    Attributes:
        wall_s: Time.
        processor_s: Time of the cores together.
        joules: Energy by the processor's counters; None where they cannot be read.
    """

    wall_s: float
    processor_s: float
    joules: float | None


@dataclass(frozen=True)
class Scored:
    """Some general questions are scored: negative log-likelihoods of their choices."""

    questions: tuple[int, ...]
    nlls: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Read:
    """A stretch of plain text is read: negative log-likelihood of all its tokens but the first."""

    text: int
    nll: float
    tokens: int


@dataclass(frozen=True)
class Finished:
    """The end.

    Attributes:
        tokens_per_s: Decode speed over a fixed number of tokens.
        peak_rss_bytes: The process's highest memory.
        spent: What the timed answers took; None without any.
        ceilings: What the machine could do at best just then.
    """

    tokens_per_s: float
    peak_rss_bytes: int
    spent: Spent | None = None
    ceilings: Ceilings | None = None


@dataclass(frozen=True)
class Failed:
    """The process could not go on."""

    kind: str
    text: str
    details: str


Message = Loaded | Answered | Timed | Scored | Read | Finished | Failed
