"""Conversations as token ids, exactly as the chat template renders them.

Two promises hold here. The ids equal those of the rendered template, so that training, evaluation and the
exported model see the same text. And text in a row that looks like a special token stays text: only the
template itself writes control tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jinja2
from transformers import PreTrainedTokenizerBase

from core.engines.training.default_system import TemplateVariant, without_default_system
from core.engines.training.rendering import Message, render, template_of
from core.errors import InputError

__all__ = [
    "IGNORED",
    "Encoded",
    "Message",
    "Report",
    "TemplateVariant",
    "encode_conversation",
    "end_token_ids",
    "holds_special_text",
    "prompt_ids",
    "without_default_system",
]

IGNORED = -100
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000(\\d+)\ue001")


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


class _Piece(NamedTuple):
    """A stretch of the rendered text; `message` is the index of the message it quotes, or -1."""

    text: str
    message: int


def encode_conversation(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], max_length: int
) -> Encoded:
    """Ids of a whole conversation, with labels on every answer and the token that ends it.

    A conversation longer than `max_length` loses text at its start: tokens of the oldest messages first,
    never the template's own, never the last answer's. Where that is not enough, `report.fits` is False.

    Raises:
        InputError: The tokenizer has no chat template, or its template refuses this conversation.
    """
    ids, owners = _tokens(tokenizer, _pieces(tokenizer, messages, prompt=False))
    special = _special_tokens(tokenizer)
    labels = [IGNORED] * len(ids)
    for at, (token, owner) in enumerate(zip(ids, owners, strict=True)):
        before = owners[at - 1] if at else -1
        ends_answer = (
            owner < 0 <= before and messages[before]["role"] == "assistant" and token in special.values()
        )
        if ends_answer or (owner >= 0 and messages[owner]["role"] == "assistant"):
            labels[at] = token
    special_text = any(holds_special_text(tokenizer, message["content"]) for message in messages)
    excess = len(ids) - max_length
    if excess <= 0:
        return Encoded(ids, labels, Report(special_text=special_text))
    ids, labels, left = _shorten(ids, labels, owners, last=len(messages) - 1, excess=excess)
    return Encoded(ids, labels, Report(cut=True, special_text=special_text, fits=left == 0))


def holds_special_text(tokenizer: PreTrainedTokenizerBase, text: str) -> bool:
    """Whether a text looks like a control token of the model somewhere."""
    return _splitter(tuple(_special_tokens(tokenizer))).search(text) is not None


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
    template = template_of(tokenizer)
    try:
        frame = _frame(tokenizer, template, roles, prompt)
        rendered = render(tokenizer, messages, prompt, template)
    except (jinja2.TemplateError, TypeError, KeyError) as error:
        raise InputError(
            "The model's chat template refuses a conversation of the data.",
            why=f"Roles {', '.join(roles)}: {type(error).__name__}: {error}",
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

    The tokenizer itself first splits at special tokens and treats what lies between separately; so cutting at
    the special tokens of the template text gives the ids of the whole, and quoted text cannot become special.
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
    quoted = [
        owner if owner >= 0 or not at else owners[at - 1] for at, owner in enumerate(owners)
    ]  # and its end
    shown = [IGNORED if quoted[at] in hurt else labels[at] for at in kept]
    return [ids[at] for at in kept], shown, excess - len(drop)


def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    return {token.content: id for id, token in tokenizer.added_tokens_decoder.items() if token.special}


@lru_cache(maxsize=8)
def _splitter(special: tuple[str, ...]) -> re.Pattern[str]:
    """Splits a text at special tokens, the longest first, and keeps them."""
    known = "|".join(re.escape(token) for token in sorted(special, key=len, reverse=True) if token)
    return re.compile(f"({known})") if known else re.compile("((?!))")


@lru_cache(maxsize=256)
def _frame(
    tokenizer: PreTrainedTokenizerBase, template: str, roles: tuple[str, ...], prompt: bool
) -> tuple[_Piece, ...]:
    """The template's text around messages of these roles, found by rendering marks in their place."""
    marked = [{"role": role, "content": _MARK.format(index)} for index, role in enumerate(roles)]
    rendered = render(tokenizer, marked, prompt, template)
    pieces: list[_Piece] = []
    reached = 0
    for mark in _MARKS.finditer(rendered):
        pieces += [_Piece(rendered[reached : mark.start()], -1), _Piece("", int(mark.group(1)))]
        reached = mark.end()
    pieces.append(_Piece(rendered[reached:], -1))
    return tuple(piece for piece in pieces if piece.text or piece.message >= 0)
