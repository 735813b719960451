"""Training rows that answer one question differently."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.data.quality.findings import SHOWN, ExampleRow, Finding, FixOffer, rows_text, share_text, shorten
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


@dataclass
class Contradictions:
    """What contradicts what; places count within the training rows.

    Attributes:
        groups: Rows about one question, of which at least two disagree; each with at least two rows.
        disputed: Rows that disagree with another.
        exact: Of these, the ones whose question stands there a second time, letter by letter.
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
    part = rows.train
    labelled = rows.data.info.labels is not None
    voices: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    question_keys, answer_keys = part.question_keys.tolist(), part.answer_keys.tolist()
    for place in part.living():
        voices[question_keys[place]][answer_keys[place]].append(place)
    found, unions = Contradictions(), _Unions()
    for answers in voices.values():
        firsts = [places[0] for places in answers.values()]
        for first in firsts[1:]:
            unions.join(firsts[0], first)
        for one, other in _differing(firsts, questions, labelled):
            found.exact.update(answers[answer_keys[one]], answers[answer_keys[other]])
    found.disputed |= found.exact
    if labelled:
        _look_nearly(rows, questions, voices, found, unions)
    groups: dict[int, list[int]] = defaultdict(list)
    for answers in voices.values():
        for places in answers.values():
            groups[unions.of(places[0])] += places
    found.groups = [sorted(group) for group in groups.values() if not found.disputed.isdisjoint(group)]
    return found


def _look_nearly(
    rows: Rows,
    questions: Questions,
    voices: dict[int, dict[int, list[int]]],
    found: Contradictions,
    unions: _Unions,
) -> None:
    """Adds rows whose label differs from that of a question with nearly the same words."""
    part, start, buckets = rows.train, questions.start("train"), questions.buckets()
    question_keys, answer_keys = part.question_keys.tolist(), part.answer_keys.tolist()
    firsts = sorted(places[0] for answers in voices.values() for places in answers.values())
    numbers: dict[int, int] = {}
    for place in firsts:
        numbers[place] = hash(figures(part.questions[place]))
        near = buckets.near(start + place, NEARLY)
        found.incomplete += not near.complete
        for number, _ in near.rows:
            other = number - start
            if question_keys[other] == question_keys[place] or numbers[other] != numbers[place]:
                continue
            unions.join(other, place)
            if not part.answer_keys_equal(other, place):
                for each in (other, place):
                    found.disputed.update(voices[question_keys[each]][answer_keys[each]])
        buckets.add(start + place)


def dropped(rows: Rows, questions: Questions, keep: str, found: Contradictions | None = None) -> list[int]:
    """Rows that the fix takes out; after it a second look finds none.

    Args:
        rows: The living ones are looked at, and stay as they are.
        questions: Their likeness.
        keep: `none` drops every row that disagrees; `majority` keeps those that say what most rows of their
            question say, where most agree.
        found: What a look at these rows gave, where one was taken.
    """
    alive = rows.train.alive.copy()
    out: list[int] = []
    found = found or look(rows, questions)
    try:
        while found.disputed:
            gone = _losers(rows, found, keep)
            out += gone
            rows.train.alive[gone] = False
            found = look(rows, questions)
    finally:
        rows.train.alive = alive
    return sorted(out)


def _losers(rows: Rows, found: Contradictions, keep: str) -> list[int]:
    if keep == "none":
        return sorted(found.disputed)
    keys = rows.train.answer_keys.tolist()
    losers: list[int] = []
    for group in found.groups:
        votes = Counter(keys[place] for place in group).most_common(2)
        winner = votes[0][0] if len(votes) == 1 or votes[0][1] > votes[1][1] else None
        losers += [place for place in group if place in found.disputed and keys[place] != winner]
    return sorted(losers)


def find(rows: Rows, questions: Questions) -> Finding:
    """What is answered in two ways."""
    found = look(rows, questions)
    total = len(rows.train.living())
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
    return Finding(
        id="contradictions",
        count=count,
        share=share,
        severity=("bad" if share >= _MANY else "warn") if labelled else "note",
        sentence=f"{rows_text(count, 'training row')} ({share_text(share)}) give another {what} to the same "
        f"question{closely}. A model cannot learn both.{not_compared(found.incomplete)}",
        advice="Look at the rows: where wording decides, both may be right."
        if labelled
        else "Where several answers are right, leave them.",
        figures={"groups": len(found.groups), "exact": len(found.exact), "incomplete": found.incomplete},
        examples=tuple(_examples(rows, found)),
        fixes=(
            FixOffer(
                fix=ContradictionsFix(keep="majority"),
                text=f"Keep the {what} most rows of a question give; drop the others, or all if none leads.",
                rows=len(dropped(rows, questions, "majority", found)),
            ),
            FixOffer(
                fix=ContradictionsFix(keep="none"),
                text="Drop every row that disagrees with another.",
                rows=len(dropped(rows, questions, "none", found)),
            ),
        ),
    )


def _examples(rows: Rows, found: Contradictions) -> Iterator[ExampleRow]:
    part = rows.train
    shown = 0
    ordered = sorted(found.groups, key=lambda group: not any(place in found.exact for place in group))
    for number, group in enumerate(ordered):
        for place in [place for place in group if place in found.disputed][:4]:
            if shown == SHOWN:
                return
            shown += 1
            text = part.questions[place]
            other = next((each for each in group if each != place), place)
            short, marks = shorten(text, differing(text, part.questions[other]))
            yield ExampleRow(
                split="train",
                row=part.numbers[place],
                text=short,
                marks=marks,
                answer=shorten(part.answers[place])[0],
                group=number,
            )


def _differing(firsts: list[int], questions: Questions, labelled: bool) -> Iterator[tuple[int, int]]:
    """Pairs of rows that disagree, of rows with one question and an answer each; all that do are in one."""
    start = questions.start("train")
    for number, one in enumerate(firsts[: 1 if labelled else _MOST_ANSWERS]):
        others = firsts[number + 1 :]
        if labelled:
            yield from ((one, other) for other in others)
            continue
        alike = questions.answers.similarities(start + one, [start + other for other in others])
        for other, much in zip(others, alike, strict=True):
            if much < _SAME_ANSWER:
                yield one, other


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
