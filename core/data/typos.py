"""Typing errors as hands make them: a neighbouring key, letters swapped, left out, doubled, in capitals."""

from __future__ import annotations

import random
import re

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"[^\W_]+")


def _neighbours() -> dict[str, str]:
    """Keys beside and above or below each letter of an English keyboard."""
    near: dict[str, str] = {}
    for number, row in enumerate(_ROWS):
        for place, key in enumerate(row):
            beside = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            above = _ROWS[number - 1][place : place + 2] if number > 1 else ""
            below = _ROWS[number + 1][max(0, place - 1) : place + 1] if number + 1 < len(_ROWS) else ""
            near[key] = "".join(other for other in beside + above + below if other.isalpha())
    return near


_NEAR = _neighbours()


def mistyped(text: str, rate: float, dice: random.Random, kept: frozenset[str] = frozenset()) -> str:
    """The text with typing errors in some of its words.

    Figures stay, since 20 and 30 are not the same thing, and so do the words in `kept`.

    Args:
        text: What a person meant to write.
        rate: Share of the letters that are hit; at least one is, where a letter may be.
        dice: Decides where and how.
        kept: Words in lower case that stay as they are.
    """
    places = [
        place
        for word in _WORD.finditer(text)
        if word.group().casefold() not in kept
        for place in range(*word.span())
        if text[place].isalpha()
    ]
    if not places:
        return text
    hit = set(dice.sample(places, min(len(places), max(1, round(rate * len(places))))))
    letters = list(text)
    for place in sorted(hit):
        letters[place] = _wounded(letters, place, hit, dice)
    return "".join(letters)


def _wounded(letters: list[str], place: int, hit: set[int], dice: random.Random) -> str:
    """What stands at a place after a typing error; a swap changes the next place too."""
    letter = letters[place]
    match dice.randrange(5):
        case 0 if letter.lower() in _NEAR:
            other = dice.choice(_NEAR[letter.lower()])
            return other.upper() if letter.isupper() else other
        case 1 if place + 1 < len(letters) and letters[place + 1].isalpha() and place + 1 not in hit:
            letters[place + 1], letter = letter, letters[place + 1]
            return letter
        case 2:
            return ""
        case 3:
            return letter.swapcase()
        case _:
            return letter * 2
