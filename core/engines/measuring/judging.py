"""A judge rates answers from 1 to 5: a model of the library or an endpoint, asked as a teacher is.

Equal answers to a row are rated once, whichever models gave them: a tie costs nothing and stays a tie.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.data.generating import presets, reading
from core.data.spread import evenly
from core.engines.generating import opening
from core.engines.generating.answers import Answers
from core.engines.generating.asking import Asking
from core.engines.generating.teacher import Enough, Message, Teacher
from core.engines.measuring.quality import Said
from core.engines.measuring.rows import Question
from core.errors import WorkbenchError
from core.models import intervals, records, report
from core.models.intervals import Sums
from core.specs import EvaluateSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


@dataclass
class Marks:
    """One model's marks.

    Attributes:
        by_row: The mark of each row that was rated.
        unread: Replies in which no mark could be found, or that did not come.
    """

    by_row: dict[int, int] = field(default_factory=dict)
    unread: int = 0


@dataclass(frozen=True)
class Verdict:
    """What the judge said of all models."""

    marks: tuple[Marks, ...]
    judge: report.Judge


@dataclass(frozen=True)
class _Asked:
    """An answer to be rated."""

    model: int
    row: int
    messages: Sequence[Message]

    @property
    def key(self) -> str:
        """The same for the same answer to the same row."""
        text = json.dumps(list(self.messages), ensure_ascii=False)
        return f"mark/{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def rate(
    spec: EvaluateSpec, job: JobContext, answers: Sequence[Mapping[int, Said]], questions: Sequence[Question]
) -> Verdict:
    """Rates every model's answers to the same rows.

    A judge that fails ends the rating, not the evaluation: what it said before counts, and a warning says why
    it is not more.
    """
    assert spec.judge is not None
    told = spec.judging()
    endpoint = opening.endpoint_of(told, job)
    kept = Answers(job.folder)
    marks = tuple(Marks() for _ in answers)
    waiting = _everything(spec, answers, questions)
    asking = None
    try:
        teacher = opening.teacher(told, job, endpoint)
        asking = Asking(teacher, kept, told, job, endpoint)
        job.phase("judging", total=len(waiting), unit="answers")
        asyncio.run(_ask(waiting, asking, marks, job, teacher))
    except WorkbenchError as error:
        job.warn(f"The judge rated no more answers. {error.what} {error.why}".strip())
    tokens_in, tokens_out = kept.used
    return Verdict(
        marks,
        report.Judge(
            name=records.describe(job.input(spec.judge)).name,
            host=endpoint.host if endpoint is not None else "",
            rubric=spec.rubric.strip() or presets.JUDGE,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=asking.cost if asking is not None else 0.0,
        ),
    )


def _everything(
    spec: EvaluateSpec, answers: Sequence[Mapping[int, Said]], questions: Sequence[Question]
) -> list[_Asked]:
    """Row by row, so that whatever stops it leaves all models with the same rows."""
    rows = evenly(range(len(questions)), spec.judge_rows)
    found = []
    for row in rows:
        asked = "\n\n".join(message["content"] for message in questions[row].prompt)
        for model, said in enumerate(answers):
            if row in said:
                answer = said[row]
                request = presets.judge(spec.rubric, asked, answer.text, answer.expected)
                found.append(_Asked(model, row, request))
    return found


async def _ask(
    waiting: Sequence[_Asked], asking: Asking, marks: Sequence[Marks], job: JobContext, teacher: Teacher
) -> None:
    """Several at once where the judge takes them; equal ones wait for the one that was asked first."""
    once: dict[str, asyncio.Lock] = {}
    left, done = iter(waiting), 0

    async def go_on() -> None:
        nonlocal done
        for item in left:
            try:
                async with once.setdefault(item.key, asyncio.Lock()):
                    reply = await asking.ask(item.key, item.messages)
            except Enough:
                return
            mark = reading.mark(reply.text) if not reply.refused else None
            if mark is None:
                marks[item.model].unread += 1
            else:
                marks[item.model].by_row[item.row] = mark
            done += 1
            job.progress(done)

    try:
        ended = await asyncio.gather(*(go_on() for _ in range(teacher.at_once)), return_exceptions=True)
    finally:
        await teacher.close()
    errors = [error for error in ended if isinstance(error, BaseException)]
    if errors:
        raise next((error for error in errors if isinstance(error, WorkbenchError)), errors[0])


def figures(marks: Marks) -> dict[str, object]:
    """The fields of a model's quality that the judge fills; none where it rated nothing."""
    if not marks.by_row:
        return {"judge_rows": 0, "judge_unread": marks.unread}
    sums = _sums(marks, list(marks.by_row))
    return {
        "judge_score": sums.value(),
        "judge_ci95": sums.interval(),
        "judge_rows": sums.n,
        "judge_unread": marks.unread,
    }


def change(first: Marks, other: Marks) -> report.Change | None:
    """By how much the second model's marks are above the first's, on the rows that both have."""
    rows = sorted(first.by_row.keys() & other.by_row.keys())
    if not rows:
        return None
    found = intervals.difference(_sums(first, rows), _sums(other, rows))
    return report.Change(value=found.value, ci95=found.ci95)


def _sums(marks: Marks, rows: Sequence[int]) -> Sums:
    return Sums(np.array([[float(marks.by_row[row])] for row in rows]), "mean")
