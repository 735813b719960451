"""Labels that are most likely others, mistyped: seen in one row, and a letter away from a frequent one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from core.data.fingerprints import normalised

#: Shorter labels are often a letter apart and rightly so: `spam` and `span`, `low` and `slow`.
_SHORTEST = 5


def misspelt(rows: Mapping[str, int], common: int) -> dict[str, str]:
    """What each such label was meant to be.

    Args:
        rows: How many different rows each label has.
        common: From so many rows on a label is surely one.
    """
    near: dict[str, list[str]] = defaultdict(list)
    for label, count in rows.items():
        if count >= common:
            for key in _keys(normalised(label)):
                near[key].append(label)
    found = {}
    for label, count in rows.items():
        text = normalised(label)
        if count > 1 or len(text) < _SHORTEST:
            continue
        others = {other for key in _keys(text) for other in near.get(key, ())}
        alike = [other for other in others if _a_letter_apart(text, normalised(other))]
        if alike:
            found[label] = max(alike, key=lambda other: (rows[other], other))
    return found


def _keys(text: str) -> set[str]:
    """The text, and it without each of its letters: texts a letter apart share one of these."""
    return {text} | {text[:place] + text[place + 1 :] for place in range(len(text))}


def _a_letter_apart(one: str, other: str) -> bool:
    """Whether a letter is missing, too many, another or swapped with the next; figures are no letters."""
    shorter = min(len(one), len(other))
    start = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if one[-1 - at] != other[-1 - at]), rest)
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if any(letter.isdigit() for letter in left + right):
        return False
    return (len(left) <= 1 and len(right) <= 1) or (len(left) == 2 and left == right[::-1])
