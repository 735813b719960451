"""What the source says to the sample prompts: the yardstick of a receipt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Runtime, Source
from core.models import records

#: Ordinary requests; none stems from a data set, so that nothing is ever tuned on test rows.
PROMPTS = (
    "What is the capital of France?",
    "My card has not arrived yet. What can I do?",
    "Write one sentence about the sea.",
    "How do I sort a list of numbers in Python?",
    "Translate to German: Good morning, how are you?",
    "Why is the sky blue? Answer briefly.",
)
ANSWER_TOKENS = 48  # an answer that goes round in circles shows it by then
_TIMED_TOKENS = 24
_TIMED_S = 0.5


@dataclass(frozen=True)
class Reference:
    """What the source says to the sample prompts.

    Attributes:
        template: The source's chat template, byte for byte.
        rendered: The sample prompts as its template renders them.
        prompts: The same as tokens.
        answers: Its greedy answers.
        log_probabilities: For each prompt with its answer, of the next token: (tokens, vocabulary) in fp16.
        stop_ids: Tokens that end its answers.
        pad_id: Its padding token.
        config: Its `config.json`; of an adapter, that of the whole model beneath.
        tokens_per_s: How fast it answers in fp32.
    """

    template: bytes
    rendered: tuple[str, ...]
    prompts: tuple[tuple[int, ...], ...]
    answers: tuple[tuple[int, ...], ...]
    log_probabilities: tuple[NDArray[np.float16], ...]
    stop_ids: tuple[int, ...]
    pad_id: int | None
    config: dict[str, Any]
    tokens_per_s: float


def reference(folder: Path, bases: tuple[Path, ...], threads: int) -> Reference:
    """Asks the source, with torch in fp32."""
    from core.engines.runtimes.torch_runtime import TorchRuntime

    spoken = dialect.load(folder, bases)
    runtime = TorchRuntime(Source("hf", folder, bases, spoken.stop_ids, threads))
    prompts = tuple(tuple(spoken.prompt([{"role": "user", "content": text}])) for text in PROMPTS)
    answers = tuple(item.ids for item in runtime.answer(prompts, [()] * len(prompts), ANSWER_TOKENS))
    both = zip(prompts, answers, strict=True)
    template = folder / records.TEMPLATE
    return Reference(
        template=template.read_bytes() if template.exists() else str(spoken.tokenizer.chat_template).encode(),
        rendered=rendered(spoken.tokenizer),
        prompts=prompts,
        answers=answers,
        log_probabilities=tuple(
            runtime.log_probabilities((*prompt, *answer)).astype(np.float16) for prompt, answer in both
        ),
        stop_ids=spoken.stop_ids,
        pad_id=spoken.tokenizer.pad_token_id,
        config=records.read_json((folder, *bases)[-1] / "config.json"),
        tokens_per_s=speed(runtime, prompts[0]),
    )


def rendered(tokenizer: Any) -> tuple[str, ...]:
    """The sample prompts as a tokenizer's template writes them."""
    return tuple(
        str(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
            )
        )
        for text in PROMPTS
    )


def speed(runtime: Runtime, prompt: tuple[int, ...]) -> float:
    """Tokens a second after the first: the best of passes that take half a second together."""
    best, began = 0.0, time.perf_counter()
    while not best or time.perf_counter() - began < _TIMED_S:
        times = [time.perf_counter() for _token in runtime.stream(prompt, _TIMED_TOKENS, stop=False)]
        if len(times) < 2:
            break
        best = max(best, (len(times) - 1) / (times[-1] - times[0]))
    return best
