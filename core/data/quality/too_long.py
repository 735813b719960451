"""Rows with more tokens than a model will be given, and what it would lose of them.

A text without question and answer is learnt in pieces, so that nothing of it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from core.counts import counted
from core.data.dataset import SPLITS, Dataset, Example, Split
from core.data.lengths import STARTER, Tokens, starter_marks
from core.data.quality.findings import (
    SHOWN,
    SHOWN_CHARACTERS,
    ExampleRow,
    Finding,
    FixOffer,
    Mark,
    share_text,
)
from core.data.quality.rows import row_of
from core.specs.quality import TooLongFix

_ROWS_A_TICK = 256
_BATCH_CHARACTERS = 1_000_000
#: Beyond some 200 pages the rest is taken to be as dense as the beginning.
_LONGEST = 400_000
_MANY, _SOME = 0.01, 0.05


@dataclass(frozen=True)
class Long:
    """A row that is too long.

    Attributes:
        split: Where it is.
        place: Its place in the split.
        example: The row.
        text: All of its messages.
        tokens: How many it has.
        cut_characters: So much of the text's beginning would be cut.
        answer_lost: Whether not even the answer fits, so that the row teaches nothing.
    """

    split: Split
    place: int
    example: Example
    text: str
    tokens: int
    cut_characters: int
    answer_lost: bool


def text_and_marks(data: Dataset, example: Example) -> tuple[str, int]:
    """All messages of a row as one text, and the tokens of the starter model's template around them."""
    text, roles = _text_and_roles(data, example)
    return text, starter_marks(roles)


def _text_and_roles(data: Dataset, example: Example) -> tuple[str, tuple[str, ...]]:
    messages = data.messages(example)
    text = "\n".join(message["content"] for message in messages)
    return text, tuple(message["role"] for message in messages)


def long_rows(
    data: Dataset,
    max_length: int,
    tick: Callable[[int], None] | None = None,
    change: Callable[[Example], Example] | None = None,
    tokens: Tokens = STARTER,
) -> Iterator[Long]:
    """Every row of more than `max_length` tokens, in order.

    A token has at least one byte, so that most rows need not be counted.

    Args:
        data: The data set.
        max_length: Tokens a row may have.
        tick: Told how many rows are done.
        change: What to do with each row first, such as masking.
        tokens: Of which model.
    """
    if data.info.task == "pretraining":
        return
    marks_of = cache(tokens.marks)
    waiting: list[tuple[Split, int, Example, str, str, int]] = []
    done = characters = 0
    for split in SPLITS:
        for place, stored in enumerate(data.rows(split)):
            example = change(stored) if change else stored
            done += 1
            if tick is not None and not done % _ROWS_A_TICK:
                tick(done)
            text, roles = _text_and_roles(data, example)
            marks = marks_of(roles)
            if (
                len(text) * 4 + marks <= max_length
                or len(text.encode("utf-8", "replace")) + marks <= max_length
            ):
                continue
            waiting.append((split, place, example, text, row_of(data, example).answer, marks))
            characters += len(text)
            if characters > _BATCH_CHARACTERS:
                yield from _counted(waiting, max_length, tokens)
                waiting, characters = [], 0
    yield from _counted(waiting, max_length, tokens)


def _counted(
    waiting: list[tuple[Split, int, Example, str, str, int]], max_length: int, model: Tokens
) -> Iterator[Long]:
    texts = model.encode([item[3][:_LONGEST] for item in waiting])
    for (split, place, example, text, answer, marks), encoded in zip(waiting, texts, strict=True):
        denser = max(1.0, len(text) / _LONGEST)
        tokens = round(len(encoded) * denser) + marks
        if tokens <= max_length:
            continue
        cut = tokens - max_length
        border = encoded.offsets[cut][0] if cut < len(encoded) else int(len(text) * min(cut / tokens, 1.0))
        answer_tokens = len(model.encode([answer[:_LONGEST]])[0]) + marks  # the template's own are never cut
        yield Long(split, place, example, text, tokens, border, answer_tokens > max_length)


def find(
    data: Dataset, max_length: int, tick: Callable[[int], None] | None = None, tokens: Tokens = STARTER
) -> Finding:
    """What would be cut."""
    found: dict[str, int] = dict.fromkeys(SPLITS, 0)
    lost = longest = 0
    examples: list[ExampleRow] = []
    for item in long_rows(data, max_length, tick, tokens=tokens):
        found[item.split] += 1
        lost += item.answer_lost
        longest = max(longest, item.tokens)
        if len(examples) < SHOWN:
            examples.append(_example(item, len(examples)))
    total, count = sum(data.info.counts.values()), sum(found.values())
    share = count / total if total else 0.0
    if not count:
        return Finding(
            id="too_long",
            count=0,
            share=0.0,
            severity="fine",
            sentence="Texts without question and answer are learnt in pieces; nothing is cut."
            if data.info.task == "pretraining"
            else f"No row has more than {max_length:,} tokens of {tokens.whose}; nothing would be cut.",
        )
    kept = f" {counted(found['test'], 'test row')} of them stay: the test keeps all of its rows."
    sentence = (
        f"{counted(count)} ({share_text(share)}) with more than {max_length:,} tokens of {tokens.whose}, "
        f"the longest {longest:,}: the beginning of such a row is cut off"
        + (f"; of {counted(lost)} not even the answer fits, so nothing is learnt from them." if lost else ".")
    )
    dropped = found["train"] + found["validation"]
    fixes = (
        (
            FixOffer(
                fix=TooLongFix(max_length=max_length),
                text=f"Drop the rows that are too long.{kept if found['test'] else ''}",
                rows=dropped,
            ),
        )
        if dropped
        else ()
    )
    return Finding(
        id="too_long",
        count=count,
        share=share,
        severity="bad" if lost / total >= _MANY else "warn" if lost or share >= _SOME else "note",
        sentence=sentence,
        advice=f"Or fine-tune with max_length={_round_up(longest)}, which takes more memory and time and "
        "cuts nothing.",
        figures={"lost_answers": lost, "longest": longest, **found},
        examples=tuple(examples),
        fixes=fixes,
    )


def _round_up(tokens: int) -> int:
    """The next multiple of 64."""
    return -(-tokens // 64) * 64


def _example(item: Long, group: int) -> ExampleRow:
    """The text around the border; what lies before it is marked."""
    half = SHOWN_CHARACTERS // 2 - 1
    start, border = max(0, item.cut_characters - half), item.cut_characters
    end = min(len(item.text), max(border + half, start + 2 * half))
    head = "…" if start else ""
    text = f"{head}{item.text[start:end]}{'…' if end < len(item.text) else ''}"
    marks = (Mark(start=0, end=len(head) + border - start),)
    note = f"{item.tokens:,} tokens; the marked part and all before it is cut"
    if item.answer_lost:
        note = f"{item.tokens:,} tokens; the answer alone does not fit"
    return ExampleRow(
        split=item.split,
        row=item.example.row,
        line=item.place + 1,
        text=text,
        marks=marks,
        group=group,
        note=note,
    )
