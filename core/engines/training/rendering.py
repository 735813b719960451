"""A chat template at work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from core.errors import InputError

Message = dict[str, str]


def template_of(tokenizer: PreTrainedTokenizerBase) -> str:
    """The chat template's source.

    Raises:
        InputError: The model has none.
    """
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    if not isinstance(template, str) or not template:
        raise InputError(
            "The model has no chat template.",
            why="Without one it does not know how a conversation looks.",
            fix="Choose an instruct or chat version of the model.",
        )
    return template


def render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prompt: bool, template: str
) -> str:
    """The conversation as text; with `prompt`, up to where the model begins to answer."""
    rendered: Any = tokenizer.apply_chat_template(
        list(messages), tokenize=False, add_generation_prompt=prompt, chat_template=template
    )
    return str(rendered)
