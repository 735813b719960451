"""Training rows that ask nearly the same and are answered nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.data.quality.findings import (
    SHOWN,
    ExampleRow,
    Finding,
    FixOffer,
    Mark,
    rows_text,
    share_text,
    shorten,
)
from core.data.quality.rows import Rows
from core.data.quality.similar import Questions, plain, shingles, similarity
from core.specs.quality import NearDuplicatesFix

_SOME = 0.01


@dataclass(frozen=True)
class Copy:
    """A training row that is nearly an earlier one; places count within the training rows."""

    kept: int
    copy: int


def copies(rows: Rows, questions: Questions, least: float) -> Iterator[Copy]:
    """Rows that repeat an earlier, kept one.

    Only kept rows are compared with, so that a chain of small changes does not pull far texts together, and
    so that a second look at the kept rows finds nothing.
    """
    part = rows.train
    start, buckets = questions.start("train"), questions.buckets()
    keys = list(zip(part.question_keys.tolist(), part.answer_keys.tolist(), strict=True))
    exact: dict[tuple[int, int], int] = {}
    for place in part.living():
        kept = exact.get(keys[place])
        if kept is None:
            near = buckets.near(start + place, least)
            kept = next(
                (other - start for other, _ in near if _alike(rows, other - start, place, least)), None
            )
        if kept is not None:
            yield Copy(kept, place)
            continue
        exact[keys[place]] = place
        buckets.add(start + place)


def _alike(rows: Rows, one: int, other: int, least: float) -> bool:
    """Whether two rows are answered alike: the same label, or nearly the same text."""
    part = rows.train
    if rows.data.info.labels is not None:
        return part.answers[one] == part.answers[other]
    if part.answer_keys_equal(one, other):
        return True
    first, second = plain(part.answers[one]), plain(part.answers[other])
    return _numbers(first) == _numbers(second) and similarity(shingles(first), shingles(second)) >= least


def _numbers(text: str) -> list[str]:
    return [word for word in text.split() if any(letter.isdigit() for letter in word)]


def find(rows: Rows, questions: Questions, least: float) -> Finding:
    """What is repeated."""
    found = list(copies(rows, questions, least))
    total = len(rows.train.living())
    share = len(found) / total if total else 0.0
    if not found:
        return Finding(
            id="near_duplicates",
            count=0,
            share=0.0,
            severity="fine",
            sentence="No training row is nearly a copy of another.",
        )
    groups = len({item.kept for item in found})
    fix = NearDuplicatesFix(similarity=least)
    return Finding(
        id="near_duplicates",
        count=len(found),
        share=share,
        severity="warn" if share >= _SOME else "note",
        sentence=f"{rows_text(len(found), 'training row')} ({share_text(share)}) ask nearly what an earlier "
        f"one asks, with the same answer, in {rows_text(groups, 'group')}. They teach little that is "
        "new, and count more than others.",
        figures={"groups": groups},
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
