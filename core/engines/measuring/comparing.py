"""Models side by side: what the others gained or lost against the first, and the rows that went worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.measuring import forgetting, judging
from core.engines.measuring.forgetting import Asked
from core.engines.measuring.judging import Marks
from core.engines.measuring.quality import Judged, Said
from core.engines.measuring.rows import Question
from core.models import intervals, report
from core.models.intervals import Sums

_WORST_ROWS = 8
_LONGEST_TEXT = 400


@dataclass(frozen=True)
class Result:
    """One measured model.

    Attributes:
        name: The model's name.
        said: Its answers by the place of the question.
        judged: Its figures, row by row in the order of `said`.
        asked: Its general check, if there was one.
        marks: What the judge said of it, if there was one.
    """

    name: str
    said: Mapping[int, Said]
    judged: Judged
    asked: Asked | None
    marks: Marks | None = None


def against_the_first(results: Sequence[Result]) -> tuple[report.Comparison, ...]:
    """Every further model beside the first, on the rows that both have answered."""
    return tuple(_compare(results[0], other) for other in results[1:] if _shared(results[0], other))


def _compare(first: Result, other: Result) -> report.Comparison:
    shared = _shared(first, other)
    measure = other.judged.quality.measure
    assert measure is not None
    task = intervals.difference(_of(first, shared), _of(other, shared))
    text, right = None, None
    if first.asked is not None and other.asked is not None:
        text, right = forgetting.compare(first.asked, other.asked)
    return report.Comparison(
        reference=first.name,
        model=other.name,
        measure=measure,
        rows=len(shared),
        task=report.Change(value=task.value, ci95=task.ci95),
        task_p_value=task.p_value,
        judge=judging.change(first.marks, other.marks) if first.marks and other.marks else None,
        general_perplexity=text,
        general_log_probability=right,
    )


def _shared(first: Result, other: Result) -> list[int]:
    return sorted(first.said.keys() & other.said.keys())


def _of(result: Result, rows: list[int]) -> Sums:
    """The main measure on some of the rows."""
    places = {row: place for place, row in enumerate(result.said)}
    sums = result.judged.sums
    return Sums(sums.parts[np.array([places[row] for row in rows])], sums.combine)


def worst(results: Sequence[Result], questions: Sequence[Question]) -> tuple[report.WorstRow, ...]:
    """Rows that the last model answered worst; of equals those whose right answer it found least likely."""
    if not results:
        return ()
    last = results[-1]
    figures = last.judged.sums.each()
    if last.judged.sums.combine == "perplexity":
        figures = -figures
    found = []
    for place, (row, said) in enumerate(last.said.items()):
        if last.judged.sums.combine == "share" and figures[place] == 1:
            continue
        found.append((float(figures[place]), -said.nll / max(1, said.tokens), row))
    return tuple(_row(row, results, questions[row]) for *_, row in sorted(found)[:_WORST_ROWS])


def _row(row: int, results: Sequence[Result], question: Question) -> report.WorstRow:
    return report.WorstRow(
        row=question.row,
        prompt=_short(question.prompt[-1]["content"] if question.prompt else ""),
        expected=_short(question.expected),
        answers={result.name: _short(result.said[row].text) for result in results if row in result.said},
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
