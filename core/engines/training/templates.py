"""Conversations as token ids, exactly as the chat template renders them.

Two promises hold here. The ids equal those of the rendered template, so that training, evaluation and the
exported model see the same text. And text in a row that looks like a special token stays text: only the template
itself writes control tokens.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from transformers import PreTrainedTokenizerBase

from core.errors import InputError

IGNORED = -100
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000(\\d+)\ue001")

Message = dict[str, str]


@dataclass(frozen=True)
class Report:
    """What happened to one conversation on its way to tokens."""

    cut: bool = False
    special_text: bool = False
    fits: bool = True


class Encoded(NamedTuple):
    """Token ids, labels of equal length (`IGNORED` where nothing is learnt), and what happened."""

    ids: list[int]
    labels: list[int]
    report: Report


class TemplateVariant(NamedTuple):
    """A chat template, and the text that it no longer adds by itself (empty: it is the original)."""

    template: str
    removed: str


class _Piece(NamedTuple):
    """A stretch of the rendered text; `message` is the index of the message it quotes, -1 for template text."""

    text: str
    message: int


# --- the default system line ---


def without_default_system(tokenizer: PreTrainedTokenizerBase) -> TemplateVariant:
    """The template without the system line that it adds when a conversation brings none.

    SmolLM2 adds 25 tokens ("You are a helpful AI assistant named SmolLM…") to rows of 30. The literal is
    looked for in the template's source; a candidate counts only when rendering shows that this line vanished and
    nothing else changed. Otherwise the template stays as it is.
    """
    template = _template(tokenizer)
    try:
        tokens = list(ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).lexer.tokeniter(
            template, None
        ))
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
    """The leading text that `candidate` no longer writes, or "" if anything else differs too."""
    user, answer, system = ({"role": role, "content": f"{role} text"} for role in ("user", "assistant", "system"))
    plain = ([user], [user, answer], [user, answer, user], [user, answer, user, answer])
    removed: set[str] = set()
    try:
        for chat in plain:
            for prompt in (False, True):
                before, after = _render(tokenizer, chat, prompt, template), _render(tokenizer, chat, prompt, candidate)
                if not after or not before.endswith(after):
                    return ""
                removed.add(before.removesuffix(after))
                with_system = [system, *chat]
                kept = _render(tokenizer, with_system, prompt, template)
                if "system text" not in kept or kept != _render(tokenizer, with_system, prompt, candidate):
                    return ""
    except jinja2.TemplateError:
        return ""
    return removed.pop() if len(removed) == 1 else ""


# --- conversations as ids ---


def encode_conversation(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], max_length: int
) -> Encoded:
    """Ids of a whole conversation, with labels on every answer and the token that ends it.

    A conversation longer than `max_length` loses text at its start: tokens of the oldest messages first, never the
    template's own and never the last answer's. Where that is not enough, `report.fits` is False.

    Raises:
        InputError: The tokenizer has no chat template, or its template refuses this conversation.
    """
    ids, owners = _tokens(tokenizer, _pieces(tokenizer, messages, prompt=False))
    special = _special_tokens(tokenizer)
    labels = [IGNORED] * len(ids)
    for at, (token, owner) in enumerate(zip(ids, owners, strict=True)):
        before = owners[at - 1] if at else -1
        ends_answer = owner < 0 <= before and messages[before]["role"] == "assistant" and token in special.values()
        if ends_answer or (owner >= 0 and messages[owner]["role"] == "assistant"):
            labels[at] = token
    special_text = any(_splitter(tuple(special)).search(message["content"]) for message in messages)
    excess = len(ids) - max_length
    if excess <= 0:
        return Encoded(ids, labels, Report(special_text=special_text))
    ids, labels, left = _shorten(ids, labels, owners, last=len(messages) - 1, excess=excess)
    return Encoded(ids, labels, Report(cut=True, special_text=special_text, fits=left == 0))


def prompt_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[int]:
    """Ids of a conversation that waits for an answer: what the model reads before it writes."""
    return _tokens(tokenizer, _pieces(tokenizer, messages, prompt=True))[0]


def end_token_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Tokens that end an answer: the template's own end of turn, and the tokenizer's end of text."""
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    learnt = [label for label in encode_conversation(tokenizer, chat, 1 << 30).labels if label != IGNORED]
    special = _special_tokens(tokenizer).values()
    ends = [token for token in (learnt[-1], tokenizer.eos_token_id) if token in special]
    return list(dict.fromkeys(ends))


def _pieces(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, prompt: bool) -> list[_Piece]:
    """Splits the rendered text into template text and quoted messages."""
    roles = tuple(message["role"] for message in messages)
    template = _template(tokenizer)
    try:
        frame = _frame(tokenizer, template, roles, prompt)
        rendered = _render(tokenizer, messages, prompt, template)
    except (jinja2.TemplateError, TypeError, KeyError) as error:
        raise InputError(
            "The model's chat template refuses a conversation of the data.",
            why=f"Roles {', '.join(roles)}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            fix="Map the columns to the roles that this model knows, or choose another model.",
        ) from error
    for clean in (str, str.strip):  # some templates trim what they quote
        pieces = [
            piece if piece.message < 0 else _Piece(clean(messages[piece.message]["content"]), piece.message)
            for piece in frame
        ]
        if "".join(piece.text for piece in pieces) == rendered:
            break
    else:
        raise InputError(
            "The model's chat template changes the text of a row.",
            why="The rendered conversation does not hold the row's text as it is written.",
            fix="Remove template commands such as <think> from the rows, or choose another model.",
        )
    if not prompt and pieces and pieces[-1].message >= 0 and tokenizer.eos_token:
        pieces.append(_Piece(tokenizer.eos_token, -1))  # a template that leaves the end to the trainer
    return pieces


def _tokens(tokenizer: PreTrainedTokenizerBase, pieces: Sequence[_Piece]) -> tuple[list[int], list[int]]:
    """Ids, and for each the message it quotes (-1: template text).

    The tokenizer itself first splits at special tokens and treats what lies between separately; so cutting at the
    special tokens of the template text gives the ids of the whole, while quoted text cannot become special.
    """
    special = _special_tokens(tokenizer)
    ids: list[int] = []
    owners: list[int] = []
    stretch: list[_Piece] = []

    def flush() -> None:
        text = "".join(piece.text for piece in stretch)
        if text:
            found = tokenizer(
                text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
            )
            ids.extend(found["input_ids"])
            owners.extend(_owner(stretch, start, end) for start, end in found["offset_mapping"])
        stretch.clear()

    splitter = _splitter(tuple(special))
    for piece in pieces:
        if piece.message >= 0:
            stretch.append(piece)
            continue
        for text in splitter.split(piece.text):
            if text in special:
                flush()
                ids.append(special[text])
                owners.append(-1)
            elif text:
                stretch.append(_Piece(text, -1))
    flush()
    return ids, owners


def _owner(stretch: Sequence[_Piece], start: int, end: int) -> int:
    """The message whose text a token ends in; a token across a border belongs to the later piece."""
    reached, owner = 0, -1
    for piece in stretch:
        reached += len(piece.text)
        owner = piece.message
        if reached >= max(end, start + 1):
            break
    return owner


def _shorten(
    ids: list[int], labels: list[int], owners: list[int], *, last: int, excess: int
) -> tuple[list[int], list[int], int]:
    """Drops `excess` quoted tokens from the start; an answer that loses its start is no longer learnt."""
    drop: set[int] = set()
    for at, owner in enumerate(owners):
        if len(drop) == excess:
            break
        if 0 <= owner < last:
            drop.add(at)
    hurt = {owners[at] for at in drop}
    kept = [at for at in range(len(ids)) if at not in drop]
    shown = [IGNORED if owners[at] in hurt else labels[at] for at in kept]
    return [ids[at] for at in kept], shown, excess - len(drop)


def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    return {token.content: id for id, token in tokenizer.added_tokens_decoder.items() if token.special}


@lru_cache(maxsize=8)
def _splitter(special: tuple[str, ...]) -> re.Pattern[str]:
    """Splits a text at special tokens, the longest first, and keeps them."""
    known = "|".join(re.escape(token) for token in sorted(special, key=len, reverse=True) if token)
    return re.compile(f"({known})") if known else re.compile("((?!))")


# --- rendering ---


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    if not isinstance(template, str) or not template:
        raise InputError(
            "The model has no chat template.", why="Without one it does not know how a conversation looks.",
            fix="Choose an instruct or chat version of the model.",
        )
    return template


def _render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prompt: bool, template: str) -> str:
    rendered: Any = tokenizer.apply_chat_template(
        list(messages), tokenize=False, add_generation_prompt=prompt, chat_template=template
    )
    return str(rendered)


@lru_cache(maxsize=256)
def _frame(
    tokenizer: PreTrainedTokenizerBase, template: str, roles: tuple[str, ...], prompt: bool
) -> tuple[_Piece, ...]:
    """The template's text around messages of these roles, found by rendering marks in their place."""
    marked = [{"role": role, "content": _MARK.format(index)} for index, role in enumerate(roles)]
    rendered = _render(tokenizer, marked, prompt, template)
    pieces: list[_Piece] = []
    reached = 0
    for mark in _MARKS.finditer(rendered):
        pieces += [_Piece(rendered[reached : mark.start()], -1), _Piece("", int(mark.group(1)))]
        reached = mark.end()
    pieces.append(_Piece(rendered[reached:], -1))
    return tuple(piece for piece in pieces if piece.text or piece.message >= 0)
