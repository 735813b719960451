"""Questions of the training rows that also stand among the rows that watch it, or that test it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.counts import counted
from core.data.dataset import Split
from core.data.quality.findings import SHOWN, ExampleRow, Finding, FixOffer, share_text, shorten
from core.data.quality.near_duplicates import differing
from core.data.quality.rows import Rows
from core.data.quality.similar import Questions, not_compared
from core.specs.quality import LeakageFix

_HELD: tuple[Split, ...] = ("test", "validation")
_MANY = 0.02


@dataclass(frozen=True)
class Leak:
    """A training row and the held-out row it gives away; places count within their splits."""

    place: int
    split: Split
    held: int
    exact: bool


@dataclass
class Leaks:
    """The leaks in order, and how many other rows have like ones that they were not compared with."""

    found: list[Leak] = field(default_factory=list)
    incomplete: int = 0


def leaks(rows: Rows, questions: Questions, least: float) -> Leaks:
    """One for each training row that gives away at least one; the test before validation."""
    result = Leaks()
    exact: dict[int, tuple[Split, int]] = {}
    buckets = {split: questions.buckets() for split in _HELD}
    for split in _HELD:
        part, start = rows.parts[split], questions.start(split)
        keys = part.question_keys.tolist()
        for place in range(len(part)):
            exact.setdefault(keys[place], (split, place))
            buckets[split].add(start + place)
    part, start = rows.train, questions.start("train")
    keys = part.question_keys.tolist()
    for place in part.living():
        same = exact.get(keys[place])
        if same is not None:
            result.found.append(Leak(place, same[0], same[1], exact=True))
            continue
        complete = True
        for split in _HELD:
            near = buckets[split].near(start + place, least)
            if near.rows:
                held, _ = max(near.rows, key=lambda pair: pair[1])
                result.found.append(Leak(place, split, held - questions.start(split), exact=False))
                break
            complete = complete and near.complete
        else:
            result.incomplete += not complete
    return result


def find(rows: Rows, questions: Questions, least: float) -> Finding:
    """How much of the test is known before it is asked."""
    looked = leaks(rows, questions, least)
    found = looked.found
    total = len(rows.train.living())
    share = len(found) / total if total else 0.0
    if not found:
        return Finding(
            id="leakage",
            count=0,
            share=0.0,
            severity="fine",
            sentence="No question to learn from is asked again in the test or while watching."
            + not_compared(looked.incomplete),
        )
    tested = {leak.held for leak in found if leak.split == "test"}
    watched = {leak.held for leak in found if leak.split == "validation"}
    exact = sum(leak.exact for leak in found)
    test_rows = len(rows.parts["test"])
    of_test = len(tested) / test_rows if test_rows else 0.0
    sentence = (
        f"{counted(len(found), 'training row')} ({share_text(share)}) ask nearly what a held-out row asks"
        f"{f', {exact:,} of them exactly' if exact else ''}: {counted(len(tested), 'test row')}"
        f"{f' ({share_text(of_test)} of the test)' if tested else ''} and {len(watched):,} for watching are "
        f"given away. The final figure may look better than it is.{not_compared(looked.incomplete)}"
    )
    fix = LeakageFix(similarity=least)
    return Finding(
        id="leakage",
        count=len(found),
        share=share,
        severity="bad" if of_test >= _MANY else "warn" if tested else "note",
        sentence=sentence,
        figures={
            "exact": exact,
            "test": len(tested),
            "validation": len(watched),
            "incomplete": looked.incomplete,
        },
        examples=tuple(_examples(rows, found)),
        fixes=(
            FixOffer(
                fix=fix,
                text="Drop these rows from training. The test keeps all of its rows.",
                rows=len(found),
            ),
        ),
    )


def _examples(rows: Rows, found: list[Leak]) -> Iterator[ExampleRow]:
    ordered = sorted(found, key=lambda leak: (leak.split != "test", leak.place))
    for number, leak in enumerate(ordered[: SHOWN // 2]):
        mine, theirs = rows.train, rows.parts[leak.split]
        text, held = mine.questions[leak.place], theirs.questions[leak.held]
        for split, part, place, words, other in (
            ("train", mine, leak.place, text, held),
            (leak.split, theirs, leak.held, held, text),
        ):
            short, marks = shorten(words, differing(words, other))
            yield ExampleRow(
                split=split,
                row=part.numbers[place],
                line=place + 1,
                text=short,
                marks=marks,
                answer=shorten(part.answers[place])[0],
                group=number,
                note="the same question" if leak.exact else "nearly the same question",
            )
