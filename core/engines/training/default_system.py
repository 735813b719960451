"""The system line that a chat template adds by itself, and the template without it."""

from __future__ import annotations

import ast
from typing import NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from transformers import PreTrainedTokenizerBase

from core.engines.training.rendering import render, template_of


class TemplateVariant(NamedTuple):
    """A chat template, and the text that it no longer adds by itself (empty: it is the original)."""

    template: str
    removed: str


def without_default_system(tokenizer: PreTrainedTokenizerBase) -> TemplateVariant:
    """The template without the system line that it adds when a conversation brings none.

    SmolLM2 adds 25 tokens ("You are a helpful AI assistant named SmolLM…") to rows of 30. The literal is
    looked for in the template's source; a candidate counts only when rendering shows that this line vanished
    and nothing else changed. Otherwise the template stays as it is.
    """
    template = template_of(tokenizer)
    try:
        tokens = list(
            ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).lexer.tokeniter(
                template, None
            )
        )
    except jinja2.TemplateError:
        return TemplateVariant(template, "")
    for index, (_line, kind, source) in enumerate(tokens):
        if kind == "string":
            blank = "''"
        elif kind == "data" and source.strip():
            blank = ""
        else:
            continue
        if len(_literal(kind, source)) < 8:
            continue
        candidate = "".join(blank if at == index else text for at, (_l, _k, text) in enumerate(tokens))
        if removed := _vanished(tokenizer, template, candidate):
            return TemplateVariant(candidate, removed)
    return TemplateVariant(template, "")


def _literal(kind: str, source: str) -> str:
    if kind == "data":
        return source
    try:
        return str(ast.literal_eval(source))
    except (ValueError, SyntaxError):
        return source


def _vanished(tokenizer: PreTrainedTokenizerBase, template: str, candidate: str) -> str:
    """The system turn that `candidate` no longer writes, or "" if anything else differs too."""
    roles = ("user", "assistant", "system")
    user, answer, system = ({"role": role, "content": f"{role} text"} for role in roles)
    removed: set[str] = set()
    try:
        for chat in ([user], [user, answer], [user, answer, user], [user, answer, user, answer]):
            for prompt in (False, True):
                before = render(tokenizer, chat, prompt, template)
                after = render(tokenizer, chat, prompt, candidate)
                given = render(tokenizer, [system, *chat], prompt, template)
                if given != render(tokenizer, [system, *chat], prompt, candidate):
                    return ""
                if not after or not before.endswith(after) or not given.endswith(after):
                    return ""
                removed.add(line := before.removesuffix(after))
                # What vanished must be a whole turn, framed as a given system message is.
                head, _text, tail = given.removesuffix(after).partition("system text")
                if not (head and tail and line.startswith(head) and line.endswith(tail)):
                    return ""
    except jinja2.TemplateError:
        return ""
    return removed.pop() if len(removed) == 1 else ""
