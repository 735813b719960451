"""Labels that stand much more often than others, hardly ever, or in one split only."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from core.counts import counted
from core.data.quality.findings import SHOWN, ExampleRow, Finding, FixOffer, shorten
from core.data.quality.misspelt import misspelt
from core.data.quality.rows import Part, Rows
from core.specs.quality import BalanceFix

#: A label with fewer training rows is hardly learnt.
RARE = 5
_UNEVEN, _VERY_UNEVEN = 3.0, 10.0
#: A row is repeated at most so often: beyond it a model learns the row by heart, not the label.
_MOST_COPIES = 10
#: Labels that a sentence names.
_NAMED = 3


def counts(part: Part) -> Counter[str]:
    """Living rows by label."""
    return Counter(part.answers[place] for place in part.living())


def capped(part: Part, times: float) -> list[int]:
    """Rows to drop so that no label has more than `times` as many as the rarest one with five rows or more.

    The rows that stay are spread evenly over the file.
    """
    by_label = _places(part)
    limit = _limit(by_label, times)
    gone: list[int] = []
    for places in by_label.values():
        if len(places) > limit:
            kept = {places[number * len(places) // limit] for number in range(limit)}
            gone += [place for place in places if place not in kept]
    return sorted(gone)


def _limit(by_label: dict[str, list[int]], times: float) -> int:
    sizes = sorted(len(places) for places in by_label.values())
    least = next((size for size in sizes if size >= RARE), sizes[-1] if sizes else 1)
    return math.ceil(least * times)


def repeated(part: Part, times: float) -> dict[int, int]:
    """How often each row of a rare label should stand, so that the most frequent has at most `times` as many.

    Rows that stand there several times already count as one, so that repeating twice changes nothing. A row
    whose label is most likely mistyped is not repeated: that would teach the mistake.
    """
    by_label, wrong = _places(part), mistyped(part)
    wanted = math.ceil(max(map(len, by_label.values()), default=0) / times)
    often: dict[int, int] = {}
    for label, places in by_label.items():
        if len(places) >= wanted or label in wrong:
            continue
        copies = _copies(part, places)
        whole, rest = divmod(wanted, len(copies))
        for number, same in enumerate(copies.values()):
            target = min(whole + (number < rest), _MOST_COPIES)
            if target > len(same):
                often[same[0]] = 1 + target - len(same)
    return often


def mistyped(part: Part) -> dict[str, str]:
    """Labels that are most likely others, and which."""
    rows = {label: len(_copies(part, places)) for label, places in _places(part).items()}
    return misspelt(rows, RARE)


def mistyped_text(wrong: dict[str, str]) -> str:
    """Which labels are meant, in words."""
    pairs = [f"`{label[:60]}` ({other[:60]}?)" for label, other in list(wrong.items())[:_NAMED]]
    more = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
    return f"{', '.join(pairs)}{more}"


def _copies(part: Part, places: list[int]) -> dict[tuple[int, int], list[int]]:
    """Places of rows, those of equal ones together."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in places:
        found[(part.numbers[place], part.question_keys_at(place))].append(place)
    return found


def _places(part: Part) -> dict[str, list[int]]:
    by_label: dict[str, list[int]] = defaultdict(list)
    for place in part.living():
        by_label[part.answers[place]].append(place)
    return by_label


def find(rows: Rows) -> Finding | None:
    """How even the labels are; None where there are none."""
    if rows.data.info.labels is None:
        return None
    part = rows.train
    train = counts(part)
    if not train:
        return None
    (most, many), (least, few) = train.most_common()[0], train.most_common()[-1]
    ratio = many / few
    rare = [label for label, count in train.items() if count < RARE]
    held = {split: counts(rows.parts[split]) for split in ("validation", "test")}
    never = sorted({label for found in held.values() for label in found if label not in train})
    untested = [label for label in train if label not in held["test"]] if held["test"] else []
    concerned = sum(train[label] for label in rare)
    even = ratio < _UNEVEN and not rare and not never
    wrong = mistyped(part)
    severity = "warn" if never or wrong or ratio >= _VERY_UNEVEN else "fine" if even else "note"
    said = [
        f"The most frequent label, {most[:60]}, has {counted(many)} to learn from; the rarest, "
        f"{least[:60]}, has {few:,}: {ratio:.1f} times as many."
    ]
    if rare:
        said.append(f"{counted(len(rare), 'label')} with fewer than {RARE} rows will be learnt badly.")
    if wrong:
        said.append(
            f"{counted(len(wrong), 'label')} in one row only, a letter from a frequent one: "
            f"{mistyped_text(wrong)}. Correct what is mistyped first."
        )
    if never:
        said.append(f"{counted(len(never), 'label')} can never be learnt: no training row has it.")
    if untested:
        said.append(f"{counted(len(untested), 'label')} in no test row: the final figure says nothing of it.")
    fixes = _offers(part) if ratio >= _UNEVEN else ()
    return Finding(
        id="imbalance",
        count=0 if even else concerned,
        share=concerned / len(part.living()),
        severity=severity,
        sentence=" ".join(said),
        advice=""
        if ratio < _UNEVEN
        else "Or leave the rows and fine-tune with the focal loss (loss=focal), "
        "which looks harder at what is still wrong.",
        figures={
            "labels": len(train),
            "most": many,
            "least": few,
            "rare": len(rare),
            "never_learnt": len(never),
            "mistyped": len(wrong),
            "untested": len(untested),
        },
        examples=() if even else tuple(_examples(part, rare, rows, never, wrong)),
        fixes=fixes,
    )


def _offers(part: Part) -> tuple[FixOffer, ...]:
    fewer, more = BalanceFix(action="cap"), BalanceFix(action="repeat")
    found = []
    if gone := capped(part, fewer.times):
        text = "Keep fewer rows of the frequent labels: 3 times the rarest that has 5 rows, at most."
        found.append(FixOffer(fix=fewer, text=text, rows=len(gone)))
    if added := sum(repeated(part, more.times).values()) - len(repeated(part, more.times)):
        text = "Repeat training rows of the rare labels, up to a third of the most frequent one."
        found.append(FixOffer(fix=more, text=text, rows=added))
    return tuple(found)


def _examples(
    part: Part, rare: list[str], rows: Rows, never: list[str], wrong: dict[str, str]
) -> list[ExampleRow]:
    """A row of each label that is rare, most likely mistyped or not, and of each that is never learnt."""
    found: list[ExampleRow] = []
    for source, labels, note in (
        (rows.parts["test"], never, "never learnt"),
        (rows.parts["validation"], never, "never learnt"),
        (part, list(wrong), "mistyped?"),
        (part, [label for label in rare if label not in wrong], "rare"),
    ):
        left = set(labels)
        for place in source.living():
            label = source.answers[place]
            if label in left and len(found) < SHOWN:
                left.discard(label)
                found.append(
                    ExampleRow(
                        split=source.split,
                        row=source.numbers[place],
                        text=shorten(source.questions[place])[0],
                        answer=shorten(label)[0],
                        group=len(found),
                        note=note,
                    )
                )
    return found
