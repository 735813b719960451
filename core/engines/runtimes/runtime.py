"""What every runtime can do, and how one is opened. Tokens only: text is the dialect's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Source:
    """Everything needed to open a model in any process.

    Attributes:
        format: hf, adapter or onnx.
        folder: The model's folder.
        bases: Folders that an adapter stands on, the nearest first; a base may be an adapter itself.
        stop_ids: Tokens that end an answer.
        threads: Cores to use.
        adapter: File of the adapter that an exported model is to speak with; without one, its base speaks.
    """

    format: str
    folder: Path
    bases: tuple[Path, ...]
    stop_ids: tuple[int, ...]
    threads: int
    adapter: Path | None = None


@dataclass(frozen=True)
class Answer:
    """A greedy answer and how likely the expected one was.

    Attributes:
        ids: What was said, without the stop token.
        nll: Negative log-likelihood of the expected answer with its stop token, in nats, summed.
        scored: Tokens that `nll` sums over; 0 when nothing was expected.
    """

    ids: tuple[int, ...]
    nll: float
    scored: int


class Runtime(Protocol):
    """A loaded model."""

    #: Longest prompt plus answer, in tokens.
    context: int

    def answer(
        self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], max_new_tokens: int
    ) -> list[Answer]:
        """Answers prompts greedily, at once where that changes nothing, and scores the expected answers."""
        ...

    def score(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[float]]:
        """Negative log-likelihood in nats of each of a prompt's choices, in order; nothing is generated."""
        ...

    def stream(
        self,
        prompt: Sequence[int],
        max_new_tokens: int,
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        stop: bool = True,
        shared: int = 0,
    ) -> Iterator[int]:
        """Tokens of one answer as they come.

        Args:
            prompt: What is answered.
            max_new_tokens: The answer is cut here.
            temperature: 0 takes the likeliest token.
            top_p: Draws from the likeliest tokens that together have this share.
            seed: Start of the draws; the same one gives the same answer.
            stop: False goes on to the limit, for measuring speed.
            shared: How many of the prompt's first tokens other prompts begin with too. They are read by
                themselves, and kept for the next such prompt, so that no answer depends on the one before.
        """
        ...

    def log_probabilities(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Log-probabilities of the token after each position: shape (len(ids), vocabulary)."""
        ...


def open_runtime(source: Source) -> Runtime:
    """Loads a model into this process; imports only the library that its format needs."""
    if source.format == "onnx":
        from core.engines.runtimes.genai_runtime import GenaiRuntime

        return GenaiRuntime(source)
    from core.engines.runtimes.torch_runtime import TorchRuntime

    return TorchRuntime(source)


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def until_stop(ids: Sequence[int], stop_ids: Sequence[int]) -> tuple[int, ...]:
    """The tokens before the first stop token."""
    for position, token in enumerate(ids):
        if token in stop_ids:
            return tuple(ids[:position])
    return tuple(ids)
