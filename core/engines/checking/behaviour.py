"""What a fresh process sees of an export: whether it loads, what it says, how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.checking import fresh
from core.engines.checking.asking import ANSWER_TOKENS, PROMPTS, Reference, speed
from core.engines.checking.check import Check, Status
from core.engines.runtimes.runtime import Source

#: Mean KL divergence (nats a token) and share of equal likeliest tokens against the source. Measured on a
#: 135M model: int8 0.005 and 0.96, mixed 0.14 and 0.80, plain int4 0.39 and 0.67.
AMBER_KL, RED_KL = 0.3, 2.0
RED_AGREEMENT = 0.3
#: Share of the source's speed in fp32. int8 had 7.6 times, fp32 1.3 times; an unlucky processor 0.12.
_AMBER_SPEED, _RED_SPEED = 0.8, 0.33
_SPEED_TRIES = 3  # a neighbour's work slows a pass down, hardly three of them
_SAME_KL = 0.02
_LONGEST_LOOP = 8
_LOOP_TOKENS = 24


@dataclass(frozen=True)
class _Seen:
    """What the fresh process saw of the export."""

    rendered: tuple[str, ...]
    answers: tuple[tuple[int, ...], ...]
    agreement: float
    kl: float
    tokens_per_s: float


def in_fresh_process(
    folder: Path, source: Reference, threads: int, found: dict[str, Any], adapter: Path | None = None
) -> list[Check]:
    """Loads and runs the export where a crash is only a fault.

    Args:
        folder: The export.
        source: What it was made from.
        threads: Cores to use.
        found: Takes the figures.
        adapter: One that the export serves, and that is to speak.
    """
    seen = fresh.ask(
        _look,
        folder,
        source,
        threads,
        adapter,
        died="The runtime crashed on the export",
        refuses="The runtime refuses the export",
    )
    if isinstance(seen, Check):
        return [seen]
    same = sum(a == b for a, b in zip(seen.answers, source.answers, strict=True)) / len(source.answers)
    found |= {
        "agreement": seen.agreement,
        "kl": seen.kl,
        "tokens_per_s": seen.tokens_per_s,
        "same_answers": same,
    }
    different = "The runtime's own template engine renders conversations differently from the source's"
    alike = seen.rendered == source.rendered
    return [
        Check(name="loads", status="green", text="Loads in ONNX Runtime GenAI"),
        Check(
            name="runtime template",
            status="green" if alike else "amber",
            text="Rendered alike" if alike else different,
        ),
        likeness(seen.agreement, seen.kl),
        repetition(seen.answers, source.answers, seen.kl),
        _speed(seen.tokens_per_s, source.tokens_per_s),
    ]


def likeness(agreement: float, kl: float) -> Check:
    """Whether it says what its source says."""
    figures = f"likeliest token equal in {agreement:.0%}, KL {kl:.3f} nats a token"
    broken = not np.isfinite(kl) or kl > RED_KL or (agreement < RED_AGREEMENT and kl > AMBER_KL)
    status: Status = "red" if broken else "amber" if kl > AMBER_KL else "green"
    text = {
        "green": f"Answers like its source: {figures}",
        "amber": f"Answers differ from its source's: {figures}",
        "red": f"It does not compute what its source computes: {figures}",
    }[status]
    return Check(name="behaviour", status=status, text=text)


def loops(answer: Sequence[int]) -> bool:
    """Whether an answer ends in a circle: the same few tokens again and again."""
    tail = list(answer[-_LOOP_TOKENS:])
    return len(tail) == _LOOP_TOKENS and any(
        tail[period:] == tail[:-period] for period in range(1, _LONGEST_LOOP + 1)
    )


def repetition(answers: Sequence[Sequence[int]], source: Sequence[Sequence[int]], kl: float) -> Check:
    """The export may go round in circles where its source does, no more.

    Where both say nearly the same, one greedy token decides, and a circle more or less is chance.
    """
    new = sum(loops(ours) and not loops(theirs) for ours, theirs in zip(answers, source, strict=True))
    half, chance = 2 * new >= len(answers), kl <= _SAME_KL
    status: Status = "green" if not new or (chance and not half) else "amber" if chance or not half else "red"
    text = f"{new} of {len(answers)} answers repeat themselves without end; the source's do not"
    if status == "green":
        text += ", which is chance where both say nearly the same"
    return Check(name="repetition", status=status, text=text if new else "No answer goes round in circles")


def _speed(ours: float, theirs: float) -> Check:
    ratio = ours / theirs if theirs else float("inf")
    status: Status = "red" if ratio < _RED_SPEED else "amber" if ratio < _AMBER_SPEED else "green"
    figures = f"{ours:,.0f} tokens/s against {theirs:,.0f}"
    text = f"{ratio:.1f} times as fast as its source in fp32: {figures}"
    if status != "green":
        text = f"It is slower than its source in fp32, {ratio:.2f} of its speed: {figures}"
    return Check(name="speed", status=status, text=text)


def _look(folder: Path, source: Reference, threads: int, adapter: Path | None) -> _Seen:
    """Body of the fresh process: the export's answers and its distance from the source's."""
    from core.engines.runtimes.genai_runtime import GenaiRuntime

    runtime = GenaiRuntime(Source("onnx", folder, (), source.stop_ids, threads, adapter))
    answers = tuple(tuple(runtime.stream(prompt, ANSWER_TOKENS)) for prompt in source.prompts)
    fastest = 0.0
    for _try in range(_SPEED_TRIES):
        fastest = max(fastest, speed(runtime, source.prompts[0]))
        if fastest >= source.tokens_per_s:
            break
    rows = zip(source.prompts, source.answers, source.log_probabilities, strict=True)
    agreement, kl = fresh.nearness(
        (runtime.log_probabilities((*prompt, *answer)), wanted) for prompt, answer, wanted in rows
    )
    return _Seen(
        rendered=runtime.render([[{"role": "user", "content": text}] for text in PROMPTS]),
        answers=answers,
        agreement=agreement,
        kl=kl,
        tokens_per_s=fastest,
    )
