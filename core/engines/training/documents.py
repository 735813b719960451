"""Plain documents as token ids: no chat template, every token learnt."""

from __future__ import annotations

from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from core.engines.training.templates import IGNORED, Message

#: How the usual model families end a text, the likeliest first.
_ENDS = ("<|endoftext|>", "<|end_of_text|>", "<eos>", "</s>")


def is_document(messages: tuple[Message, ...] | list[Message]) -> bool:
    """Whether a row is a document to read on instead of a conversation."""
    return len(messages) == 1 and messages[0]["role"] == "document"


def document_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The whole text and the token that ends it; a text that looks like a control token stays text."""
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return [*_beginning(tokenizer), *ids, end_of_text_id(tokenizer)]


def chunks(ids: list[int], max_length: int) -> list[tuple[list[int], list[int]]]:
    """Ids and labels of pieces no longer than `max_length`.

    A piece begins with the last token of the piece before it, which is only read: so every token but a text's
    first is learnt exactly once, and each from something before it.
    """
    step = max_length - 1
    starts = range(0, max(1, len(ids) - 1), step)
    pieces = [ids[start : start + max_length] for start in starts]
    return [(piece, [IGNORED if at else piece[0], *piece[1:]]) for at, piece in enumerate(pieces)]


@lru_cache(maxsize=8)
def end_of_text_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token between two documents; a chat model's end of turn only where it has no other."""
    special = {token.content: id for id, token in tokenizer.added_tokens_decoder.items() if token.special}
    found = next((special[text] for text in _ENDS if text in special), tokenizer.eos_token_id)
    return int(found)


@lru_cache(maxsize=8)
def _beginning(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """What the tokenizer itself puts before every text, if anything."""
    first = tokenizer("", add_special_tokens=True)["input_ids"][:1]
    return tuple(first) if first and first[0] == tokenizer.bos_token_id else ()
