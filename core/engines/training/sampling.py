"""Answers of the model as it learns, few and cheap, with their measured latency."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers import DynamicCache, PreTrainedTokenizerBase

from core.engines.training.documents import end_of_text_id, is_document
from core.engines.training.examples import Example
from core.engines.training.templates import end_token_ids, prompt_ids
from core.jobs.context import JobContext
from core.models.fit.need import SAMPLES_SHARE

_LONGEST_ANSWER = 64
#: Tokens of a document that are read before the model writes on.
_READ = 32


@dataclass(frozen=True)
class Answer:
    """What was written, and how long it took to the first token and to the end."""

    text: str
    first_token_ms: float
    total_ms: float


class Sampler:
    """Answers a few fixed validation prompts in turn, as many at a time as the time share allows.

    Args:
        examples: Where the prompts come from.
        tokenizer: With the template of the training.
        job: Where samples and latency go.
        teacher: A teacher's answers by row, shown beside the model's own.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        tokenizer: PreTrainedTokenizerBase,
        job: JobContext,
        teacher: Mapping[int, str] | None = None,
    ) -> None:
        self._examples = list(examples)
        self._tokenizer = tokenizer
        self._job = job
        self._teacher = teacher or {}
        self._next = 0
        self._spent_s = 0.0
        self._started = time.perf_counter()

    def look(self, model: nn.Module, step: int) -> None:
        """Shows at least one answer; stops when the share of time is used up."""
        firsts: list[float] = []
        totals: list[float] = []
        for _ in self._examples:
            example = self._examples[self._next]
            self._next = (self._next + 1) % len(self._examples)
            answer = greedy(model, self._tokenizer, *question(example, self._tokenizer))
            self._spent_s += answer.total_ms / 1000
            firsts.append(answer.first_token_ms)
            totals.append(answer.total_ms)
            prompt, expected = self._shown(example)
            self._job.sample(
                prompt=prompt,
                answer=answer.text,
                expected=expected,
                step=step,
                teacher=self._teacher.get(example.row),
            )
            if self._spent_s > SAMPLES_SHARE * (time.perf_counter() - self._started):
                break
        if totals:
            self._job.metrics(
                step, latency_ms=sum(totals) / len(totals), first_token_ms=sum(firsts) / len(firsts)
            )

    def _shown(self, example: Example) -> tuple[str, str]:
        """Prompt and expected answer as text; a document's beginning and how it goes on."""
        if not is_document(example.messages):
            prompt = example.messages[-2]["content"] if len(example.messages) > 1 else ""
            return prompt, example.messages[-1]["content"]
        head = _beginning(example)
        rest = example.ids[len(head) : len(head) + _LONGEST_ANSWER]
        return self._tokenizer.decode(head), self._tokenizer.decode(rest, skip_special_tokens=True)


def shown(rows: Sequence[Example], count: int) -> list[Example]:
    """The rows whose prompts are shown, evenly spread: neighbours in a file are often alike."""
    count = min(count, len(rows))
    return [rows[number * len(rows) // count] for number in range(count)]


def question(example: Example, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], set[int], int]:
    """What is asked of a row: its prompt, the tokens that end an answer, and how long it may get."""
    if is_document(example.messages):
        return _beginning(example), {end_of_text_id(tokenizer)}, _LONGEST_ANSWER
    prompt = prompt_ids(tokenizer, example.messages[:-1])
    return prompt, set(end_token_ids(tokenizer)), min(_LONGEST_ANSWER, example.targets + 8)


def _beginning(example: Example) -> list[int]:
    """The tokens of a document that a sample answer goes on from."""
    return example.ids[: max(1, min(_READ, len(example.ids) // 2))]


def greedy(
    model: nn.Module, tokenizer: PreTrainedTokenizerBase, prompt: Sequence[int], ends: set[int], longest: int
) -> Answer:
    """The likeliest answer as text, with its time."""
    started = time.perf_counter()
    first_token_s = 0.0
    written: list[int] = []
    for token in likeliest(model, prompt, ends, longest):
        first_token_s = first_token_s or time.perf_counter() - started
        written.append(token)
    total_s = time.perf_counter() - started
    return Answer(tokenizer.decode(written), (first_token_s or total_s) * 1000, total_s * 1000)


def likeliest(model: nn.Module, prompt: Sequence[int], ends: set[int], longest: int) -> Iterator[int]:
    """The tokens of the likeliest answer as they come, with a cache; the one that ends it is left out."""
    model.eval()
    cache = DynamicCache()
    ids = torch.tensor([list(prompt)])
    for _ in range(longest):
        with torch.no_grad():
            output = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        token = int(output.logits[0, -1].argmax())
        if token in ends:
            return
        yield token
        ids = torch.tensor([[token]])
