"""How one model is spoken to: its tokenizer, its chat template, the tokens that end an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.engines import tokenizing
from core.engines.training import documents, templates
from core.errors import InputError
from core.models import records

Message = dict[str, str]
_NO_LIMIT = 1 << 30


@dataclass(frozen=True)
class Dialect:
    """A tokenizer with the few questions the engines ask of it."""

    tokenizer: Any
    stop_ids: tuple[int, ...]

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """A conversation up to where the model answers. What a person typed never becomes a control token.

        Of a document it is the first token: all others are expected.
        """
        if documents.is_document(list(messages)):
            return documents.document_ids(self.tokenizer, messages[0]["content"])[:1]
        return templates.prompt_ids(self.tokenizer, messages)

    def answer(self, messages: Sequence[Message]) -> list[int]:
        """The last message's answer with the token that ends it, exactly as it would be learnt."""
        if documents.is_document(list(messages)):
            return documents.document_ids(self.tokenizer, messages[0]["content"])[1:]
        labels = templates.encode_conversation(self.tokenizer, messages, _NO_LIMIT).labels
        end = max((at + 1 for at, label in enumerate(labels) if label != templates.IGNORED), default=0)
        start = max((at + 1 for at in range(end) if labels[at] == templates.IGNORED), default=0)
        return labels[start:end]

    def read(self, text: str) -> list[int]:
        """Plain text, with what the tokenizer puts before one; what looks like a control token stays text."""
        ids: list[int] = self.tokenizer(text, split_special_tokens=True)["input_ids"]
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """An answer as text, without control tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))


def load(
    folder: Path, bases: Sequence[Path] = (), template: Path | None = None, *, chat: bool = True
) -> Dialect:
    """Reads the dialect of a model folder.

    Args:
        folder: The model.
        bases: What it stands on, if it is an adapter.
        template: A chat template that counts instead of the folder's own.
        chat: Whether it must be able to hold a conversation; reading plain text needs no chat template.

    Raises:
        InputError: The model has no chat template, so nobody knows how to speak to it.
    """
    tokenizer: Any = tokenizing.load(folder)
    if template is not None:
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    if not tokenizer.chat_template and not chat:
        return Dialect(tokenizer=tokenizer, stop_ids=tuple(filter(None, [tokenizer.eos_token_id])))
    if not tokenizer.chat_template:
        raise InputError(
            "The model cannot hold a conversation.",
            why="It brings no chat template.",
            fix="Choose the instruct or chat version of the model.",
        )
    return Dialect(tokenizer=tokenizer, stop_ids=stop_ids(tokenizer, (folder, *bases)))


def stop_ids(tokenizer: Any, folders: Iterable[Path]) -> tuple[int, ...]:
    """Tokens that end an answer: the template's and the tokenizer's first, then the generation settings'."""
    found: list[Any] = list(templates.end_token_ids(tokenizer))
    for folder in folders:
        path = folder / "generation_config.json"
        if path.exists():
            said = records.read_json(path).get("eos_token_id")
            found += said if isinstance(said, list) else [said]
    return tuple(dict.fromkeys(token for token in found if isinstance(token, int)))
