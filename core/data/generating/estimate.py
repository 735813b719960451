"""What asking a teacher will take, before anything is sent: calls, tokens, rows with personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data import lengths
from core.data.generating.plan import Prompt
from core.data.generating.presets import Assignment
from core.data.quality import personal
from core.specs.generate import GenerateSpec

_COUNTED = 400
_UNKNOWN_ANSWER = 0.5
_SHORT_TOKENS = 24
_MARK_TOKENS = 2
_JUDGE_TOKENS = 110


@dataclass(frozen=True)
class Estimate:
    """What is about to be asked.

    Attributes:
        prompts: How many prompts.
        calls: How many requests they make.
        tokens_in: Tokens of all requests, about; counted as the starter model does.
        tokens_out: Tokens of all answers, about: like the data's own answers where it has some.
        most_out: Tokens of all answers, if each is as long as it may be.
        personal: Prompts that hold what looks like personal data.
    """

    prompts: int
    calls: int
    tokens_in: int
    tokens_out: int
    most_out: int
    personal: int


def estimate(prompts: Sequence[Prompt], spec: GenerateSpec, work: Assignment) -> Estimate:
    """Looks at every prompt for personal data and counts the tokens of some, evenly spread."""
    sample = prompts[:: max(1, len(prompts) // _COUNTED)]
    asked = sum(map(_tokens, sample)) / len(sample)
    answer = _answer_tokens(sample, spec)
    times = spec.answers_per_prompt
    calls, tokens_in, tokens_out, most_out = 0.0, 0.0, 0.0, 0.0
    if spec.source == "seeds":
        calls, tokens_in, tokens_out, most_out = 1, asked, _SHORT_TOKENS, spec.max_new_tokens
        asked = asked / max(1, spec.examples)
    calls += times
    tokens_in += times * asked
    tokens_out += times * answer
    most_out += times * spec.max_new_tokens
    if work.preset == "conversation":
        for turn in range(1, spec.turns):
            said = asked + turn * (answer + _SHORT_TOKENS)
            calls += 2 * times
            tokens_in += 2 * times * said
            tokens_out += times * (answer + _SHORT_TOKENS)
            most_out += 2 * times * spec.max_new_tokens
    if spec.judge_at_least is not None:
        calls += times
        tokens_in += times * (asked + answer + _JUDGE_TOKENS)
        tokens_out += times * _MARK_TOKENS
        most_out += times * spec.max_new_tokens
    count = len(prompts)
    return Estimate(
        prompts=count,
        calls=round(calls * count),
        tokens_in=round(tokens_in * count),
        tokens_out=round(tokens_out * count),
        most_out=round(most_out * count),
        personal=sum(map(_is_personal, prompts)),
    )


def _tokens(prompt: Prompt) -> int:
    texts = [item["content"] for item in prompt.messages]
    marks = lengths.starter_marks([item["role"] for item in prompt.messages])
    return sum(len(found.ids) for found in lengths.encode(texts)) + marks


def _answer_tokens(sample: Sequence[Prompt], spec: GenerateSpec) -> float:
    """Like the data's own answers, half as many again; without any, half of what an answer may have."""
    own = [prompt.expected for prompt in sample if prompt.expected]
    if not own:
        return spec.max_new_tokens * _UNKNOWN_ANSWER
    mean = sum(len(found.ids) for found in lengths.encode(own)) / len(own)
    return min(spec.max_new_tokens, 1.5 * mean + 1)


def _is_personal(prompt: Prompt) -> bool:
    return any(personal.hits(item["content"]) for item in prompt.messages)
