"""What a closer look found: figures, sentences, examples, and the fixes it offers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.specs.quality import Fix

FILE = "quality.json"
#: Rows shown of a finding.
SHOWN = 20
#: Characters shown of a row.
SHOWN_CHARACTERS = 240

Severity = Literal["bad", "warn", "note", "fine"]
Id = Literal["leakage", "contradictions", "personal", "too_long", "near_duplicates", "imbalance", "language"]
#: The worst first.
SEVERITIES: tuple[Severity, ...] = ("bad", "warn", "note", "fine")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Mark(_Frozen):
    """What matters in a text: from character `start` up to, not including, `end`."""

    start: int
    end: int


class ExampleRow(_Frozen):
    """A row that shows a finding.

    Attributes:
        split: Where it is.
        row: Its number in the source, from 1.
        line: Its line in the split's file of the data set, from 1; 0 where that is not told.
        text: Its text, shortened; the rows of personal data show it masked.
        marks: What matters in it, as offsets into `text`.
        answer: What is learnt from it, shortened.
        group: Rows of the same number belong together.
        note: What is the matter with this row, in a few words.
    """

    split: str
    row: int
    line: int = 0
    text: str
    marks: tuple[Mark, ...] = ()
    answer: str = ""
    group: int = 0
    note: str = ""


class FixOffer(_Frozen):
    """A fix with what it would do.

    Attributes:
        fix: As data, for `FixDataSpec`.
        text: What it does, in one sentence.
        rows: How many rows it would drop, change or add; None when that is seen only when it is done.
    """

    fix: Fix
    text: str
    rows: int | None = None


class Finding(_Frozen):
    """One question about the data, answered.

    Attributes:
        id: Which question.
        count: Rows it is about.
        share: `count` as a part of the rows looked at, from 0 to 1.
        severity: How much it matters.
        sentence: What was found, for the person.
        advice: What else can be done about it; may be empty.
        figures: Counts by name, such as the kinds of personal data.
        examples: At most `SHOWN` rows.
        fixes: What a new version can do about it.
    """

    id: Id
    count: int
    share: float
    severity: Severity
    sentence: str
    advice: str = ""
    figures: dict[str, int] = {}
    examples: tuple[ExampleRow, ...] = ()
    fixes: tuple[FixOffer, ...] = ()


class QualityReport(_Frozen):
    """A closer look at one data set.

    Attributes:
        name: How the data set was called.
        digest: SHA-256 over its files: the report is about exactly these.
        task: What is learnt from it.
        counts: Rows by split.
        similarity: From where on two texts counted as nearly the same.
        max_length: Tokens after which a row counted as too long.
        model: Whose tokens they are; None for the starter model's.
        seconds: How long it took.
        findings: The worst first.
    """

    version: Literal[2] = 2
    name: str
    digest: str
    task: str
    counts: dict[str, int]
    similarity: float
    max_length: int
    model: str | None = None
    seconds: float
    findings: tuple[Finding, ...]


def shorten(text: str, marks: tuple[Mark, ...] = ()) -> tuple[str, tuple[Mark, ...]]:
    """The text around its first mark, at most `SHOWN_CHARACTERS` long, with the marks moved along."""
    if len(text) <= SHOWN_CHARACTERS:
        return text, marks
    first = marks[0].start if marks else 0
    start = max(0, min(first - SHOWN_CHARACTERS // 3, len(text) - SHOWN_CHARACTERS + 2))
    end = start + SHOWN_CHARACTERS - 2
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    moved = tuple(
        Mark(start=max(mark.start, start) - start + len(head), end=min(mark.end, end) - start + len(head))
        for mark in marks
        if mark.start < end and mark.end > start
    )
    return f"{head}{text[start:end]}{tail}", moved


def share_text(share: float) -> str:
    """`less than 0.1 %`, `3.4 %`, `27 %`."""
    percent = share * 100
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
