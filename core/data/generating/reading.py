"""What a teacher's text says: a question with its answer, a label, a final figure, a mark."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

_FENCE = re.compile(r"^```[\w-]*\n(.*?)\n?```$", re.DOTALL)
_NAMED = re.compile(
    r"^\W*(?:new |next )?(?:question|example(?: \d+)?|message|user|person)\s*\d*\W*[:：]\s*", re.IGNORECASE
)
_PAIR = re.compile(
    r"question\W*[:：]\s*(?P<question>.+?)\s*\banswer\W*[:：]\s*(?P<answer>.+)", re.IGNORECASE | re.DOTALL
)
_FIGURE = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_FINAL = re.compile(r"(?:####|answer(?:\s+is)?)\W*?(-?\d[\d,]*(?:\.\d+)?)", re.IGNORECASE)
_MARK = re.compile(r"(?<![\d.])([1-5])(?![\d.]*\d)")
_QUOTES = "\"“”'‘’`"


def unfenced(text: str) -> str:
    """The text without a fence of three backticks around it."""
    stripped = text.strip()
    found = _FENCE.match(stripped)
    return found[1].strip() if found else stripped


def question(text: str) -> str:
    """A single question: without a name before it, quotes around it, and whatever follows a blank line."""
    first = unfenced(text).split("\n\n")[0]
    return _NAMED.sub("", first).strip().strip(_QUOTES).strip()


def pair(text: str) -> tuple[str, str] | None:
    """A question with its answer, as a JSON object or by name; None where there is none."""
    plain = unfenced(text)
    start, end = plain.find("{"), plain.rfind("}")
    if 0 <= start < end:
        try:
            found = json.loads(plain[start : end + 1])
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            asked, answered = found.get("question"), found.get("answer")
            if isinstance(asked, str) and isinstance(answered, str | int | float) and asked.strip():
                return (asked.strip(), str(answered).strip()) if str(answered).strip() else None
    named = _PAIR.search(plain)
    if named is None:
        return None
    asked, answered = (named[part].strip(f"{_QUOTES}* \n\t") for part in ("question", "answer"))
    return (asked, answered) if asked and answered else None


def label(text: str, labels: Sequence[str]) -> str | None:
    """The label that the text says: it alone, or the only one of them in its first line; else None."""
    line = unfenced(text).split("\n")[0].strip()
    said = plain(line)
    by_plain = {plain(known): known for known in labels}
    if said in by_plain:
        return by_plain[said]
    inside = [
        known for word, known in by_plain.items() if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said)
    ]
    longest = max(inside, key=len, default=None)
    if longest is None or any(plain(other) not in plain(longest) for other in inside):
        return None
    return longest


def figure(text: str) -> str | None:
    """The final figure of a solution, written plainly: after `Answer:` or `####`, or else the last one."""
    named = _FINAL.findall(text)
    found = named[-1] if named else next(reversed(_FIGURE.findall(text)), None)
    if found is None:
        return None
    try:
        value = Decimal(found.replace(",", "").rstrip("."))
    except InvalidOperation:
        return None
    written = format(value.normalize(), "f")
    return "0" if written == "-0" else written


def mark(text: str) -> int | None:
    """A judge's mark from 1 to 5; None where it gives none."""
    found = _MARK.search(text)
    return int(found[1]) if found else None


def plain(text: str) -> str:
    """A short answer without what does not change it: case, spacing, a sentence's end, quotes."""
    return " ".join(text.casefold().split()).strip(f" .!?;:,{_QUOTES}*")
