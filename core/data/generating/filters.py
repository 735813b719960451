"""Which answers are kept, and why the others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.data import tasks
from core.data.generating import reading
from core.data.generating.presets import Assignment
from core.data.generating.refusals import is_refusal
from core.specs.generate import GenerateSpec, Preset

Reason = Literal[
    "not_answered",
    "no_question",
    "empty",
    "not_text",
    "cut",
    "refusal",
    "too_short",
    "too_long",
    "no_json",
    "no_label",
    "not_as_labelled",
    "disagreement",
    "judged_low",
    "no_mark",
    "near_duplicate",
]

#: Each reason as a person reads it, after a number of answers.
WORDS: dict[Reason, str] = {
    "not_answered": "were refused by the endpoint",
    "no_question": "held no question to ask",
    "empty": "were empty",
    "not_text": "held a character that no model can read",
    "cut": "were cut at the longest length",
    "refusal": "declined to answer",
    "too_short": "were too short",
    "too_long": "were too long",
    "no_json": "were no JSON object",
    "no_label": "were none of the labels",
    "not_as_labelled": "differed from the data's own answer",
    "disagreement": "differed too much from each other",
    "judged_low": "were judged too low",
    "no_mark": "got no mark from the judge",
    "near_duplicate": "nearly repeated an earlier row",
}


@dataclass(frozen=True)
class Candidate:
    """An answer on its way into the data set.

    Attributes:
        number: Which of the prompt's answers, from 0.
        text: What would be learnt.
        cut: Whether it reached the longest length.
        reason: Why it is not kept; None while it is.
    """

    number: int
    text: str
    cut: bool = False
    reason: Reason | None = None

    def dropped(self, reason: Reason) -> Candidate:
        """The same, dropped."""
        return replace(self, reason=reason)


def judge_alone(candidate: Candidate, expected: str, spec: GenerateSpec, work: Assignment) -> Candidate:
    """The candidate after every check that needs no other answer; its text as it would be kept."""
    text = candidate.text.strip()
    found = replace(candidate, text=text)
    if not text:
        return found.dropped("empty")
    if "\x00" in text:
        return found.dropped("not_text")
    if spec.drop_refusals and is_refusal(text):
        return found.dropped("refusal")
    if spec.drop_cut and candidate.cut:
        return found.dropped("cut")
    if work.labels:
        label = reading.label(text, work.labels)
        if label is None:
            return found.dropped("no_label")
        found = replace(found, text=label)
    if work.preset == "extraction":
        found = replace(found, text=reading.unfenced(text))
        if spec.valid_json and not tasks.is_object(found.text):
            return found.dropped("no_json")
    if len(found.text) < spec.min_characters:
        return found.dropped("too_short")
    if spec.max_characters is not None and len(found.text) > spec.max_characters:
        return found.dropped("too_long")
    if spec.check_label and expected and said(work.preset)(found.text) != said(work.preset)(expected):
        return found.dropped("not_as_labelled")
    return found


def agree(candidates: Sequence[Candidate], share: float, preset: Preset) -> list[Candidate]:
    """One of the most frequent answers stays, if it has so large a share of all that were given.

    Answers that are dropped already count among those given: a teacher that often declines is not sure.
    """
    alive = [item for item in candidates if item.reason is None]
    if not share or not alive:
        return list(candidates)
    key = said(preset)
    counts = Counter(key(item.text) for item in alive)
    winner, votes = max(counts.items(), key=lambda pair: pair[1])  # the first of equals
    enough = votes / len(candidates) >= share
    keeper = next(item for item in alive if key(item.text) == winner) if enough else None
    return [
        item if item.reason is not None or item is keeper else item.dropped("disagreement")
        for item in candidates
    ]


def judged(candidate: Candidate, verdict: str, least: int) -> Candidate:
    """The candidate after a judge's answer."""
    mark = reading.mark(verdict)
    if mark is None:
        return candidate.dropped("no_mark")
    return candidate if mark >= least else candidate.dropped("judged_low")


def said(preset: Preset) -> Callable[[str], str]:
    """What an answer comes down to, by task: of a solution its final figure."""
    if preset == "mathematics":
        return lambda text: reading.figure(text) or reading.plain(text)
    if preset == "extraction":
        return _same_object
    return reading.plain


def _same_object(text: str) -> str:
    """A JSON object without what does not change it: spacing and order."""
    import json

    try:
        return json.dumps(json.loads(reading.unfenced(text)), sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return reading.plain(text)


def sentence(counts: dict[str, int]) -> str:
    """What was dropped, in words; empty when nothing was."""
    parts = [f"{count:,} {WORDS[reason]}" for reason, count in _known(counts)]
    return f"Of the answers, {', '.join(parts)}." if parts else ""


def _known(counts: dict[str, int]) -> list[tuple[Reason, int]]:
    return [(reason, counts[reason]) for reason in WORDS if counts.get(reason)]
