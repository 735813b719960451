"""Rows that answer one question differently: learnt from, watched, or kept for the test.

A question that stands in two splits differs by a comma or a question mark at least, since equal ones are kept
together when data is added. So the same question is one of the same words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.counts import counted
from core.data.dataset import SPLITS, Split
from core.data.quality.findings import SHOWN, ExampleRow, Finding, FixOffer, share_text, shorten
from core.data.quality.near_duplicates import differing, figures
from core.data.quality.rows import Rows
from core.data.quality.similar import Questions, not_compared
from core.specs.quality import ContradictionsFix

#: Closer than for copies: `I lost my card` and `I lost my card PIN` rightly have different labels.
NEARLY = 0.9
#: Answers written freely are different below this; a comma more is no contradiction.
_SAME_ANSWER = 0.8
_MANY = 0.05
#: Every answer to a question is compared with so many others.
_MOST_ANSWERS = 16

#: Places of rows by their question's words, then by their answer.
_Voices = dict[int, dict[int, list[int]]]


@dataclass
class Contradictions:
    """What contradicts what; places count through all splits, as those of `Questions`.

    Two test rows that disagree only with each other are left alone: nothing may be done about them.

    Attributes:
        groups: Rows about one question, of which at least two disagree; each with at least two rows.
        disputed: Rows that disagree with another.
        exact: Of these, the ones whose question stands there a second time with the same words.
        incomplete: How many rows were not compared with all rows of like questions.
    """

    groups: list[list[int]] = field(default_factory=list)
    disputed: set[int] = field(default_factory=set)
    exact: set[int] = field(default_factory=set)
    incomplete: int = 0


def look(rows: Rows, questions: Questions) -> Contradictions:
    """Finds them among the living rows.

    Only labels are compared across questions that are nearly the same: `12 + 7` and `12 + 8` rightly
    differ in their answer.
    """
    voices: _Voices = defaultdict(lambda: defaultdict(list))
    for split, part in rows.parts.items():
        answer_keys, start = part.answer_keys.tolist(), questions.start(split)
        for place in part.living():
            voices[questions.word_keys[start + place]][answer_keys[place]].append(start + place)
    found, unions, test = Contradictions(), _Unions(), _test(rows, questions)
    for answers in voices.values():
        firsts = [places[0] for places in answers.values()]
        for first in firsts[1:]:
            unions.join(firsts[0], first)
        if rows.data.info.labels is not None:
            found.exact.update(_opposed(list(answers.values()), test))
            continue
        by_first = {places[0]: places for places in answers.values()}
        for one, other in _differing(firsts, questions):
            found.exact.update(_opposed([by_first[one], by_first[other]], test))
    found.disputed |= found.exact
    if rows.data.info.labels is not None:
        _look_nearly(rows, questions, voices, found, unions)
    groups: dict[int, list[int]] = defaultdict(list)
    for answers in voices.values():
        for places in answers.values():
            groups[unions.of(places[0])] += places
    found.groups = [sorted(group) for group in groups.values() if not found.disputed.isdisjoint(group)]
    return found


def _test(rows: Rows, questions: Questions) -> range:
    """Places of the test rows."""
    start = questions.start("test")
    return range(start, start + len(rows.parts["test"]))


def _opposed(answers: Collection[list[int]], test: range) -> Iterator[int]:
    """Rows that disagree with one of another answer, unless both are test rows."""
    if len(answers) < 2:
        return
    learnt = [any(place not in test for place in places) for places in answers]
    for number, places in enumerate(answers):
        others_learnt = sum(learnt) > learnt[number]
        yield from (place for place in places if others_learnt or place not in test)


def _differing(firsts: list[int], questions: Questions) -> Iterator[tuple[int, int]]:
    """Pairs of places, one for each answer to a question, whose free answers are different."""
    for number, one in enumerate(firsts[:_MOST_ANSWERS]):
        others = firsts[number + 1 :]
        alike = questions.answers.similarities(one, others)
        for other, much in zip(others, alike, strict=True):
            if much < _SAME_ANSWER:
                yield one, other


def _look_nearly(
    rows: Rows, questions: Questions, voices: _Voices, found: Contradictions, unions: _Unions
) -> None:
    """Adds rows whose label differs from that of a question with nearly the same words."""
    buckets, test = questions.buckets(), _test(rows, questions)
    question_keys = questions.word_keys
    answer_keys = np.concatenate([part.answer_keys for part in rows.parts.values()]).tolist()
    numbers = cache(lambda place: hash(figures(questions.text(place))))
    for place in sorted(places[0] for answers in voices.values() for places in answers.values()):
        near = buckets.near(place, NEARLY)
        found.incomplete += not near.complete
        for other, _ in near.rows:
            if question_keys[other] == question_keys[place] or numbers(other) != numbers(place):
                continue
            unions.join(other, place)
            if answer_keys[other] != answer_keys[place]:
                two = [voices[question_keys[each]][answer_keys[each]] for each in (other, place)]
                found.disputed.update(_opposed(two, test))
        buckets.add(place)


def dropped(
    rows: Rows, questions: Questions, keep: str, found: Contradictions | None = None
) -> dict[Split, list[int]]:
    """Rows that the fix takes out, as places in their splits; after it a second look finds none.

    Test rows stay and have no vote: what is learnt must not be chosen by the answers of the test. So where
    one of them is in the dispute, all others of its question that are go.

    Args:
        rows: The living ones are looked at, and stay as they are.
        questions: Their likeness.
        keep: `none` drops every row that disagrees; `majority` keeps those that say what most rows of their
            question say, where most agree.
        found: What a look at these rows gave, where one was taken.
    """
    alive = {split: part.alive.copy() for split, part in rows.parts.items()}
    out: dict[Split, list[int]] = {split: [] for split in rows.parts}
    found = found or look(rows, questions)
    try:
        while gone := _losers(rows, questions, found, keep):
            for place in gone:
                part, row = questions.at(place)
                part.alive[row] = False
                out[part.split].append(row)
            found = look(rows, questions)
    finally:
        for split, part in rows.parts.items():
            part.alive = alive[split]
    return {split: sorted(places) for split, places in out.items()}


def _losers(rows: Rows, questions: Questions, found: Contradictions, keep: str) -> list[int]:
    test = _test(rows, questions)
    if keep == "none":
        return [place for place in found.disputed if place not in test]
    losers: list[int] = []
    for group in found.groups:
        voters = [place for place in group if place not in test]
        answers = [part.answer_keys_at(row) for part, row in map(questions.at, voters)]
        votes = Counter(answers).most_common(2)
        winner = votes[0][0] if len(votes) == 1 or votes[0][1] > votes[1][1] else None
        if any(place in test for place in group if place in found.disputed):
            winner = None
        losers += [
            place
            for place, answer in zip(voters, answers, strict=True)
            if place in found.disputed and answer != winner
        ]
    return losers


def held(rows: Rows, questions: Questions, found: Contradictions) -> int:
    """How many test rows are answered differently by others."""
    test = _test(rows, questions)
    return sum(place in test for place in found.disputed)


def find(rows: Rows, questions: Questions) -> Finding:
    """What is answered in two ways."""
    found = look(rows, questions)
    total = sum(len(part.living()) for part in rows.parts.values())
    count = len(found.disputed)
    share = count / total if total else 0.0
    labelled = rows.data.info.labels is not None
    what = "label" if labelled else "answer"
    if not count:
        return Finding(
            id="contradictions",
            count=0,
            share=0.0,
            severity="fine",
            sentence=f"No question stands with more than one {what}.{not_compared(found.incomplete)}",
        )
    near = count - len(found.exact)
    closely = f", {near:,} of them to one that is only nearly the same" if near else ""
    counts = Counter(questions.at(place)[0].split for place in found.disputed)
    dropping = {keep: dropped(rows, questions, keep, found) for keep in ("majority", "none")}
    kept = (
        f" {counted(counts['test'], 'test row')} of them stay as they are; what disagrees with these goes."
        if counts["test"]
        else ""
    )
    return Finding(
        id="contradictions",
        count=count,
        share=share,
        severity=("bad" if share >= _MANY else "warn") if labelled else "note",
        sentence=f"{counted(count)} ({share_text(share)}) give another {what} to the same "
        f"question{closely}. A model cannot learn both.{_across(counts)}{not_compared(found.incomplete)}",
        advice="Look at the rows: where wording decides, both may be right."
        if labelled
        else "Where several answers are right, leave them.",
        figures={
            "groups": len(found.groups),
            "exact": len(found.exact),
            "incomplete": found.incomplete,
            **{split: counts[split] for split in SPLITS},
        },
        examples=tuple(_examples(questions, found)),
        fixes=(
            FixOffer(
                fix=ContradictionsFix(keep="majority"),
                text=f"Keep the {what} most rows of a question give; drop the others, or all if none leads."
                + kept,
                rows=sum(map(len, dropping["majority"].values())),
            ),
            FixOffer(
                fix=ContradictionsFix(keep="none"),
                text=f"Drop every row that disagrees with another.{kept}",
                rows=sum(map(len, dropping["none"].values())),
            ),
        ),
    )


def _across(counts: Counter[Split]) -> str:
    """A sentence about the rows that are not learnt from."""
    names: dict[Split, str] = {"test": "test row", "validation": "validation row"}
    parts = [counted(counts[split], name) for split, name in names.items() if counts[split]]
    if not parts:
        return ""
    verb = "is" if counts["test"] + counts["validation"] == 1 else "are"
    return f" {' and '.join(parts)} {verb} among them: figures measured there mislead."


def _examples(questions: Questions, found: Contradictions) -> Iterator[ExampleRow]:
    """Up to four rows of a group; groups that reach over splits first, then those of the same question."""

    def order(group: list[int]) -> tuple[bool, bool]:
        splits = {questions.at(place)[0].split for place in group if place in found.disputed}
        return len(splits) == 1, not any(place in found.exact for place in group)

    shown = 0
    for number, group in enumerate(sorted(found.groups, key=order)):
        for place in _shown(questions, [place for place in group if place in found.disputed]):
            if shown == SHOWN:
                return
            shown += 1
            part, row = questions.at(place)
            text = part.questions[row]
            other = next((each for each in group if each != place), place)
            short, marks = shorten(text, differing(text, questions.text(other)))
            yield ExampleRow(
                split=part.split,
                row=part.numbers[row],
                line=row + 1,
                text=short,
                marks=marks,
                answer=shorten(part.answers[row])[0],
                group=number,
            )


def _shown(questions: Questions, group: list[int]) -> list[int]:
    """Four of the rows, of each split at least one."""
    first: dict[Split, int] = {}
    for place in group:
        first.setdefault(questions.at(place)[0].split, place)
    rest = [place for place in group if place not in first.values()]
    return sorted([*first.values(), *rest][:4])


class _Unions:
    """Groups that grow together: a disjoint-set forest with path halving."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def of(self, place: int) -> int:
        """The group's first member."""
        above = self._above
        while above.setdefault(place, place) != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Puts two into one group."""
        first, second = self.of(one), self.of(other)
        self._above[max(first, second)] = min(first, second)
