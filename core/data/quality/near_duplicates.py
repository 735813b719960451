"""Training rows that ask nearly the same and are answered nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from core.counts import counted
from core.data.quality.findings import (
    SHOWN,
    ExampleRow,
    Finding,
    FixOffer,
    Mark,
    share_text,
    shorten,
)
from core.data.quality.rows import Rows
from core.data.quality.shingles import plain
from core.data.quality.similar import Questions, not_compared
from core.specs.quality import NearDuplicatesFix

_SOME = 0.01


@dataclass(frozen=True)
class Copy:
    """A training row that is nearly an earlier one; places count within the training rows."""

    kept: int
    copy: int


@dataclass
class Copies:
    """The copies in order, and how many other rows have like ones that they were not compared with."""

    found: list[Copy] = field(default_factory=list)
    incomplete: int = 0


def copies(rows: Rows, questions: Questions, least: float) -> Copies:
    """Rows that repeat an earlier, kept one.

    Only kept rows are compared with, so that a chain of small changes does not pull far texts together, and
    so that a second look at the kept rows finds nothing.
    """
    part, result = rows.train, Copies()
    start, buckets, answers = questions.start("train"), questions.buckets(), _Answers(rows, questions, least)
    keys = list(zip(part.question_keys.tolist(), part.answer_keys.tolist(), strict=True))
    exact: dict[tuple[int, int], int] = {}
    for place in part.living():
        kept = exact.get(keys[place])
        if kept is None:
            near = buckets.near(start + place, least)
            kept = answers.first_alike(place, [other - start for other, _ in near.rows])
            result.incomplete += kept is None and not near.complete
        if kept is not None:
            result.found.append(Copy(kept, place))
            continue
        exact[keys[place]] = place
        buckets.add(start + place)
    return result


class _Answers:
    """Which training rows are answered alike: the same label, or nearly the same text."""

    def __init__(self, rows: Rows, questions: Questions, least: float) -> None:
        self._rows = rows
        self._questions = questions
        self._least = least
        self._numbers = cache(lambda place: hash(figures(rows.train.answers[place])))

    def first_alike(self, place: int, others: list[int]) -> int | None:
        """The first of the others whose answer is like that of the row."""
        part = self._rows.train
        if self._rows.data.info.labels is not None:
            label = part.answers[place]
            return next((other for other in others if part.answers[other] == label), None)
        same = next((other for other in others if part.answer_keys_equal(other, place)), None)
        asked = others if same is None else others[: others.index(same)]
        asked = [other for other in asked if self._numbers(other) == self._numbers(place)]
        start = self._questions.start("train")
        alike = self._questions.answers.similarities(start + place, [start + other for other in asked])
        return next((other for other, much in zip(asked, alike, strict=True) if much >= self._least), same)


def figures(text: str) -> tuple[str, ...]:
    """The words with figures: `I paid 12 EUR` and `I paid 13 EUR` are alike and say different things."""
    return tuple(word for word in plain(text).split() if any(map(str.isdigit, word)))


def find(rows: Rows, questions: Questions, least: float) -> Finding:
    """What is repeated."""
    looked = copies(rows, questions, least)
    found = looked.found
    total = len(rows.train.living())
    share = len(found) / total if total else 0.0
    if not found:
        return Finding(
            id="near_duplicates",
            count=0,
            share=0.0,
            severity="fine",
            sentence=f"No training row is nearly a copy of another.{not_compared(looked.incomplete)}",
        )
    groups = len({item.kept for item in found})
    fix = NearDuplicatesFix(similarity=least)
    return Finding(
        id="near_duplicates",
        count=len(found),
        share=share,
        severity="warn" if share >= _SOME else "note",
        sentence=f"{counted(len(found), 'training row')} ({share_text(share)}) ask nearly what an earlier "
        f"one asks, with the same answer, in {counted(groups, 'group')}. They teach little that is "
        f"new, and count more than others.{not_compared(looked.incomplete)}",
        figures={"groups": groups, "incomplete": looked.incomplete},
        examples=tuple(_examples(rows, found)),
        fixes=(FixOffer(fix=fix, text="Keep the first row of each group.", rows=len(found)),),
    )


def _examples(rows: Rows, found: list[Copy]) -> Iterator[ExampleRow]:
    """The kept row of a group with its copies, group after group."""
    part = rows.train
    by_kept: dict[int, list[int]] = {}
    for item in found:
        by_kept.setdefault(item.kept, []).append(item.copy)
    # groups with a changed wording first: an exact copy shows nothing
    ordered = sorted(
        by_kept.items(),
        key=lambda pair: all(part.question_keys_equal(pair[0], copy) for copy in pair[1]),
    )
    shown = 0
    for group, (kept, others) in enumerate(ordered):
        for place in (kept, *others[:3]):
            if shown == SHOWN:
                return
            shown += 1
            text = part.questions[place]
            other = part.questions[others[0] if place == kept else kept]
            short, marks = shorten(text, differing(text, other))
            yield ExampleRow(
                split="train",
                row=part.numbers[place],
                line=place + 1,
                text=short,
                marks=marks,
                answer=shorten(part.answers[place])[0],
                group=group,
                note="kept" if place == kept else "nearly the same",
            )


def differing(text: str, other: str) -> tuple[Mark, ...]:
    """The words of a text that the other one lacks."""
    known = set(plain(other).split())
    marks: list[Mark] = []
    place = 0
    for word in text.split():
        start = text.index(word, place)
        place = start + len(word)
        if any(part not in known for part in plain(word).split()):
            marks.append(Mark(start=start, end=place))
    return tuple(marks)
