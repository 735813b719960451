"""Rows as a model sees them, in turns or token by token, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One turn of a row as the model sees it."""

    role: str
    text: str
    is_learnt: bool


@dataclass(frozen=True)
class Token:
    """One token: what it adds to the text, its number, whether it is learnt or a control token."""

    text: str
    id: int
    is_learnt: bool
    is_special: bool


@dataclass(frozen=True)
class TokenRow:
    """One row as the model sees it.

    Attributes:
        row: Its number in the source.
        length: How many tokens it has.
        learnt: How many of them are learnt.
        left_out: Tokens at its start that are not listed.
        tokens: The others.
    """

    row: int
    length: int
    learnt: int
    left_out: int
    tokens: tuple[Token, ...]


def rows_of(value: Any) -> tuple[TokenRow, ...]:
    """The rows of a `batch` event's field; what is not as expected is left out."""
    found = []
    for item in value if isinstance(value, list) else ():
        try:
            tokens = tuple(
                Token(str(text), int(id), bool(learnt), bool(special))
                for text, id, learnt, special in zip(
                    item["texts"], item["ids"], item["trained"], item["special"], strict=True
                )
            )
            figures = (int(item[name]) for name in ("row", "length", "learnt", "left_out"))
            found.append(TokenRow(*figures, tokens))
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(found)
