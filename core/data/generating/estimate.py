"""What asking a teacher will take, before anything is sent: calls, tokens, rows with personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data import lengths
from core.data.generating.plan import Message, Prompt
from core.data.generating.presets import Assignment, judge
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
    asked = sum(_tokens(prompt.messages) for prompt in sample) / len(sample)
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
        personal=sum(_is_personal(prompt.messages) for prompt in prompts),
    )


def estimate_marks(
    talks: Sequence[Sequence[Message]], models: int, rubric: str, most_a_mark: int
) -> Estimate:
    """What rating the answers of several models to some rows takes: each answer about as long as the data's.

    Args:
        talks: The rows as conversations that end with the data's own answer.
        models: How many models have answered them.
        rubric: What the judge is told.
        most_a_mark: Tokens that its reply may have.
    """
    requests = [judge(rubric, "\n\n".join(_texts(talk[:-1])), *[talk[-1]["content"]] * 2) for talk in talks]
    sample = requests[:: max(1, len(requests) // _COUNTED)]
    mean = sum(map(_tokens, sample)) / max(1, len(sample))
    calls = len(talks) * models
    return Estimate(
        prompts=len(talks),
        calls=calls,
        tokens_in=round(mean * calls),
        tokens_out=_MARK_TOKENS * calls,
        most_out=most_a_mark * calls,
        personal=sum(map(_is_personal, talks)),
    )


def _texts(messages: Sequence[Message]) -> list[str]:
    return [item["content"] for item in messages]


def _tokens(messages: Sequence[Message]) -> int:
    marks = lengths.starter_marks([item["role"] for item in messages])
    return sum(len(found.ids) for found in lengths.encode(_texts(messages))) + marks


def _answer_tokens(sample: Sequence[Prompt], spec: GenerateSpec) -> float:
    """Like the data's own answers, half as many again; without any, half of what an answer may have."""
    own = [prompt.expected for prompt in sample if prompt.expected]
    if not own:
        return spec.max_new_tokens * _UNKNOWN_ANSWER
    mean = sum(len(found.ids) for found in lengths.encode(own)) / len(own)
    return min(spec.max_new_tokens, 1.5 * mean + 1)


def _is_personal(messages: Sequence[Message]) -> bool:
    return any(personal.hits(item["content"]) for item in messages)
