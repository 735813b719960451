"""Chats: lists of messages, as OpenAI (`role`, `content`) or ShareGPT (`from`, `value`) write them."""

from __future__ import annotations

import json
from typing import Any, Literal

from core.data import jsontext
from core.data.problem import Refusal, refuse
from core.data.table import Value

Message = dict[str, str]

_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
}
_SHAPE = 'Write it as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].'


def looks_like(value: Value) -> bool:
    """Whether a value is a chat, right or wrong."""
    if isinstance(value, str):
        start = value.lstrip()[:1000]
        return start.startswith("[") and any(key in start for key in ('"role"', '"from"'))
    return all(isinstance(item, dict) and ("role" in item or "from" in item) for item in value)


def is_open(value: Value) -> bool:
    """Whether a chat ends with a question; of one that is not in order, no."""
    try:
        messages = parse(value, ends=None)
    except Refusal:
        return False
    return bool(messages) and messages[-1]["role"] == "user"


def parse(
    value: Value,
    *,
    ends: Literal["assistant", "user"] | None = "assistant",
    file: str = "the data",
    line: int | None = None,
    column: str | None = None,
) -> list[Message]:
    """The messages in one form, checked: known roles, taking turns, texts only, the right one last.

    A first system message may stand before them. A message's text may be empty; the caller counts such rows.

    Args:
        value: As written.
        ends: Who must have the last word; None where that was checked before.
        file: Its file, for a refusal.
        line: Its line there.
        column: Its column.

    Raises:
        Refusal: The chat is not in order.
    """

    def wrong(reason: str, fix: str = _SHAPE) -> Exception:
        return refuse("data.messages", file, reason, fix, line=line, column=column)

    found: Any = value
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            found, end = jsontext.decode(value.strip(), 0, file=file, line=line or 1)
        except json.JSONDecodeError as error:
            raise wrong("The chat is not valid JSON.") from error
        if end != len(value.strip()):
            raise wrong("The chat is not valid JSON.")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise wrong("The chat is not a list of messages.")
    messages: list[Message] = []
    for place, item in enumerate(found, 1):
        role, content = item.get("role", item.get("from")), item.get("content", item.get("value"))
        known = _ROLES.get(role.lower()) if isinstance(role, str) else None
        if known is None:
            raise wrong(
                f"Message {place} has the unknown role `{str(role)[:60]}`.", "Use system, user and assistant."
            )
        if not isinstance(content, str) or isinstance(content, jsontext.Number):
            raise wrong(
                f"Message {place} has no text.", "Give every message a text; pictures cannot be learnt."
            )
        if known == "system" and place > 1:
            raise wrong(
                "A system message stands in the middle of the chat.", "Put it first, or leave it out."
            )
        if messages and messages[-1]["role"] == known:
            raise wrong(f"Two messages in a row are from the {known}.", "Join them into one message.")
        if known == "assistant" and (not messages or messages[-1]["role"] == "system"):
            raise wrong("The chat begins with an answer.", "Begin with the user's message.")
        messages.append({"role": known, "content": content})
    if ends is None or not messages or messages[-1]["role"] == ends:
        return messages
    if ends == "assistant":
        raise wrong(
            "The chat does not end with an answer of the assistant.",
            "Add the answer, or cut the last message; if a teacher is to write the answers, let all chats "
            "end so, and choose the task questions.",
        )
    raise wrong(
        "The chat does not end with a question of the user.",
        "Cut the answer, if a teacher is to write it; or choose the task chat.",
    )


def as_text(value: list[dict[str, Any]]) -> str:
    """A list of objects as JSON text."""
    return jsontext.as_text(value)
