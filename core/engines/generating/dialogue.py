"""What is asked about one prompt, and what becomes of the answers: from a question to rows, kept or not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from core.data.generating import filters, plan, presets, reading
from core.data.generating.assembling import Layout, Made
from core.data.generating.filters import Candidate
from core.data.generating.plan import Message, Prompt
from core.data.generating.presets import Assignment
from core.data.generating.refusals import is_refusal
from core.engines.generating.answers import Answers, Reply
from core.engines.generating.teacher import Enough
from core.specs import GenerateSpec


class Asks(Protocol):
    """Gives the answer under a key: a teacher that is asked, or what it said before."""

    async def ask(self, key: str, messages: Sequence[Message], temperature: float | None = None) -> Reply:
        """The answer.

        Raises:
            Enough: There is none, and nobody is asked.
        """


@dataclass(frozen=True)
class Work:
    """What stays the same from prompt to prompt."""

    spec: GenerateSpec
    assignment: Assignment
    layout: Layout
    asking: Asks


async def done_before(prompts: Sequence[Prompt], work: Work, answers: Answers) -> int:
    """How many prompts are answered to their end already, so that nothing is asked for them."""
    if not len(answers):
        return 0
    done, remembered = 0, replace(work, asking=_Remembered(answers))
    for prompt in prompts:
        with suppress(Enough):
            await work_on(prompt, remembered)
            done += 1
    return done


class _Remembered:
    """What was answered before, and nothing more."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def ask(self, key: str, messages: Sequence[Message], temperature: float | None = None) -> Reply:
        known = self._answers.get(key)
        if known is None:
            raise Enough
        return known


async def work_on(prompt: Prompt, work: Work) -> list[Made]:
    """All answers to a prompt, each with the reason why it is not kept, if it is not.

    Raises:
        Enough: Nothing more is to be asked; a resumed run goes on where this one was.
        WorkbenchError: The teacher cannot answer any more.
    """
    spec = work.spec
    if spec.source == "seeds":
        made_up = await _make_up(prompt, work)
        if isinstance(made_up, Candidate):
            return [Made(prompt, made_up, {})]
        prompt = made_up
    answers = [await _answer(prompt, number, work) for number in range(spec.answers_per_prompt)]
    agreed = filters.agree([item.candidate for item in answers], spec.agreement, work.assignment.preset)
    return [
        await _judged(replace(item, candidate=candidate), work)
        for item, candidate in zip(answers, agreed, strict=True)
    ]


async def _make_up(prompt: Prompt, work: Work) -> Prompt | Candidate:
    """A prompt around a new question, or why there is none."""
    reply = await work.asking.ask(f"{prompt.number}/question", prompt.messages)
    if reply.refused:
        return Candidate(0, reply.refused, reason="not_answered")
    question = reading.question(reply.text)
    if not question or reply.cut or is_refusal(question):
        return Candidate(0, reply.text, reason="no_question")
    messages = plan.asked(question, work.assignment.system)
    chat = not work.layout.answer
    values = {"messages": [{"role": "user", "content": question}]} if chat else {"question": question}
    return replace(prompt, messages=messages, values=values, makes_up=False)


async def _answer(prompt: Prompt, number: int, work: Work) -> Made:
    if work.assignment.preset == "conversation":
        return await _conversation(prompt, number, work)
    reply = await work.asking.ask(f"{prompt.number}/{number}", prompt.messages)
    if reply.refused:
        return Made(prompt, Candidate(number, reply.refused, reason="not_answered"), {})
    candidate = Candidate(number, reply.text, reply.cut)
    if prompt.makes_up:  # a piece of a document: the answer brings its own question
        pair = reading.pair(reply.text)
        if pair is None:
            return Made(prompt, candidate.dropped("no_question"), {})
        messages = (*prompt.messages, {"role": "user", "content": pair[0]})
        prompt = replace(prompt, messages=messages, values={"question": pair[0]})
        candidate = replace(candidate, text=pair[1])
    return _filled(prompt, filters.judge_alone(candidate, prompt.expected, work.spec, work.assignment), work)


async def _conversation(prompt: Prompt, number: int, work: Work) -> Made:
    """The teacher answers and plays the user in turns; a bad turn ends it before that turn."""
    spec, key = work.spec, f"{prompt.number}/{number}"
    system = [item for item in prompt.messages if item["role"] == "system"]
    said = [item for item in prompt.messages if item["role"] != "system"]
    own = [item for item in prompt.values["messages"] if item["role"] == "system"]
    good: Candidate | None = None
    for turn in range(spec.turns):
        if turn:
            asked = await work.asking.ask(f"{key}/user/{turn}", presets.next_question(said))
            question = reading.question(asked.text)
            if asked.refused or asked.cut or not question or is_refusal(question):
                break
            said.append({"role": "user", "content": question})
        reply = await work.asking.ask(f"{key}/assistant/{turn}", [*system, *said])
        candidate = Candidate(number, reply.refused or reply.text, reply.cut)
        if reply.refused:
            candidate = candidate.dropped("not_answered")
        else:
            candidate = filters.judge_alone(candidate, "", spec, work.assignment)
        if candidate.reason is not None:
            if good is None:
                answer = {"role": "assistant", "content": candidate.text}
                return Made(prompt, candidate, {"messages": [*own, *said, answer]})
            said.pop()
            break
        said.append({"role": "assistant", "content": candidate.text})
        good = candidate
    assert good is not None
    return Made(replace(prompt, messages=(*system, *said[:-1])), good, {"messages": [*own, *said]})


def _filled(prompt: Prompt, candidate: Candidate, work: Work) -> Made:
    """The whole row."""
    if work.layout.answer:
        return Made(prompt, candidate, {**prompt.values, work.layout.answer: candidate.text})
    messages = [*prompt.values["messages"], {"role": "assistant", "content": candidate.text}]
    return Made(prompt, candidate, {"messages": messages})


async def _judged(made: Made, work: Work) -> Made:
    least, candidate = work.spec.judge_at_least, made.candidate
    if least is None or candidate.reason is not None:
        return made
    key = f"{made.prompt.number}/{candidate.number}/judge"
    request = presets.judge(work.spec.rubric, _question(made.prompt.messages), candidate.text)
    reply = await work.asking.ask(key, request, temperature=0.0)
    return replace(made, candidate=filters.judged(candidate, reply.text, least))


def _question(messages: Sequence[Message]) -> str:
    """What was asked, without what the teacher was told first."""
    return "\n\n".join(item["content"] for item in messages if item["role"] != "system")
