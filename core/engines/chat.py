"""A conversation with one model: asked, answered piece by piece, until its window or terminal goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.data.roles import instructed
from core.engines import merging, receipt
from core.engines.runtimes import dialect
from core.engines.runtimes.dialect import Dialect, Message
from core.engines.runtimes.runtime import Runtime, Source, open_runtime
from core.engines.seal import seal
from core.errors import InputError, WorkbenchError
from core.models import records
from core.specs import ChatSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_UNFINISHED = "\ufffd"  # what decoding gives for the first bytes of a character that is not complete yet


def run(spec: ChatSpec, job: JobContext) -> None:
    """Loads the model, says that it is ready, and answers until the parent stops asking."""
    seal()
    job.phase("loading")
    folder = job.input(spec.model)
    record = records.inspect(folder)
    receipt.require_usable(job, spec.model, "cannot be used for conversations")
    bases = merging.bases(job, spec.model)
    adapter = records.adapter_file(folder, spec.adapter) if spec.adapter else None
    spoken = dialect.load(folder, bases, adapter.with_suffix(".jinja") if adapter else None)
    threads = int(job.resources["threads"])
    runtime = open_runtime(Source(record.format, folder, bases, spoken.stop_ids, threads, adapter))
    job.phase("ready")
    for command in job.asks():
        try:
            _answer(
                _instructed(list(command["messages"]), spec.instruction), command, runtime, spoken, spec, job
            )
        except WorkbenchError as error:  # one question was impossible; the conversation goes on
            job.warn(str(error))
            job.emit("answer", text="", tokens=0, ttft_ms=0.0, tokens_per_s=0.0, error=error.as_dict())


def _instructed(messages: list[Message], instruction: str) -> list[Message]:
    """The conversation as the model learnt it: with the data's instruction before every question."""
    return [
        {**message, "content": instructed(instruction, message["content"])}
        if message["role"] == "user"
        else message
        for message in messages
    ]


def _answer(
    messages: list[Message],
    command: dict[str, Any],
    runtime: Runtime,
    spoken: Dialect,
    spec: ChatSpec,
    job: JobContext,
) -> None:
    """One answer; an interruption keeps what was said so far."""
    limit = int(command.get("max_new_tokens") or spec.max_new_tokens)
    prompt, dropped = fit(messages, runtime.context, limit, spoken)
    if dropped:
        job.warn(f"The conversation is too long for the model: the oldest {dropped} messages were left out.")
    began = time.perf_counter()
    first = last = began
    ids: list[int] = []
    room = min(limit, runtime.context - len(prompt))
    said = ""
    for token in runtime.stream(prompt, room, temperature=spec.temperature):
        last = time.perf_counter()
        first = last if not ids else first
        ids.append(token)
        if piece := _new_text(spoken, ids, said):
            said += piece
            job.emit("token", text=piece)
        if job.interrupted or job.stop_requested:
            break
    whole = spoken.text(ids)
    if len(whole) > len(said) and whole.startswith(said):
        job.emit("token", text=whole[len(said) :])
    speed = (len(ids) - 1) / (last - first) if last > first else None  # one token has no pace
    ttft_ms = (first - began) * 1e3 if ids else (time.perf_counter() - began) * 1e3
    job.emit("answer", text=whole, tokens=len(ids), ttft_ms=ttft_ms, tokens_per_s=speed)


def _new_text(spoken: Dialect, ids: list[int], said: str) -> str:
    """Text that is certain now: a character whose bytes are still coming waits."""
    whole = spoken.text(ids)
    certain = whole.rstrip(_UNFINISHED)
    return certain[len(said) :] if certain.startswith(said) else ""


def fit(messages: list[Message], context: int, limit: int, spoken: Dialect) -> tuple[list[int], int]:
    """The prompt that leaves room for an answer, and how many of the oldest messages it leaves out.

    The system line and the last question always stay; turns go in pairs, so that roles still alternate.

    Raises:
        InputError: The last question alone is too long.
    """
    room = context - min(limit, context // 4)
    for kept in _ever_shorter(messages):
        prompt = spoken.prompt(kept)
        if len(prompt) <= room:
            return prompt, len(messages) - len(kept)
    raise InputError(
        "The question is too long for this model.",
        why=f"It has {len(prompt)} tokens; with room for an answer, {room} fit.",
        fix="Shorten it, or quantize the model with a longer conversation.",
    )


def _ever_shorter(messages: list[Message]) -> Iterator[list[Message]]:
    """The conversation, then without its oldest turn, and so on."""
    head = messages[:1] if messages and messages[0]["role"] == "system" else []
    turns = messages[len(head) :]
    yield messages
    while len(turns) > 1:
        turns = turns[2:] if len(turns) > 2 else turns[1:]
        yield [*head, *turns]
