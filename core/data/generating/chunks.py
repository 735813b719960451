"""Documents cut into pieces that end where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Where a piece may end, the best first: a paragraph, a line, a sentence, a word.
_ENDS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?。！？])\s+"), re.compile(r"\s+"))
_LEAST = 0.5
_TOO_SHORT = 80


def pieces(text: str, characters: int) -> Iterator[str]:
    """Pieces of at most so many characters; together they are the whole text but for space at their borders.

    A piece ends at the last paragraph in its second half, or else at a line, a sentence, a word.
    """
    start = 0
    while start < len(text):
        end = start + characters
        if end < len(text):
            end = _end(text, start + int(characters * _LEAST), end)
        piece = text[start:end].strip()
        if piece:
            yield piece
        start = end


def worth_asking(piece: str) -> bool:
    """Whether a piece says enough to ask about."""
    return len(piece) >= _TOO_SHORT


def _end(text: str, least: int, most: int) -> int:
    for pattern in _ENDS:
        ends = [match.end() for match in pattern.finditer(text, least, most)]
        if ends:
            return ends[-1]
    return most
