"""Measures models on rows that none of them has learnt from.

Every model answers the same rows, greedily, in a process of its own. Text becomes tokens here, so that the
measured process holds nothing but the runtime and the weights.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.data.dataset import Dataset
from core.engines.measuring import child, machine, quality, rows
from core.engines.measuring.task import Answered, Finished, Timed
from core.engines.measuring.task import Task as MeasuringTask
from core.engines.runtimes import dialect
from core.engines.runtimes.dialect import Dialect
from core.engines.runtimes.runtime import Answer, Source
from core.engines.seal import seal
from core.models import records, report
from core.specs import EvaluateSpec
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_SAMPLES = 4


@dataclass
class _Measured:
    """A model while it is measured."""

    id: str
    record: records.ModelRecord
    source: Source
    dialect: Dialect
    answers: dict[int, Answer] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)
    finished: Finished | None = None
    seconds: float = 0.0


def run(spec: EvaluateSpec, job: JobContext) -> None:
    """Prepares rows, measures model after model, writes the report."""
    seal()
    job.phase("preparing")
    data = Dataset(job.input(spec.data))
    task = data.info.task
    questions = rows.read(data, spec.split, spec.limit)
    threads = int(job.resources["threads"])
    models = [_open(artifact, job, threads) for artifact in spec.models]
    timed = timed_rows(spec, len(questions))

    job.phase("measuring", total=len(models) * (len(questions) + len(timed)), unit="answers")
    done = 0
    for number, model in enumerate(models):
        if job.stop_requested:
            break
        job.log(f"Measuring {model.record.name} ({model.record.format})")
        done = _measure(model, number, questions, tuple(timed), spec, job, done)

    job.phase("reporting")
    answered = [model for model in models if model.answers]
    complete = len(answered) == len(models) and all(model.finished for model in models)
    result = report.EvaluationReport(
        machine=machine.describe(threads),
        versions=machine.versions(),
        data=data.info.name,
        split=spec.split,
        task=task,
        rows=len(questions),
        max_new_tokens=spec.max_new_tokens,
        batch_size=spec.batch_size,
        complete=complete,
        models=tuple(_figures(model, task, questions) for model in answered),
    )
    _write(job, result, answered, questions)
    if not complete:
        job.stopped()


def timed_rows(spec: EvaluateSpec, rows: int) -> list[int]:
    """Which of so many rows are answered one by one."""
    return random.Random(spec.seed).sample(range(rows), min(spec.latency_prompts, rows))


def _open(artifact: str, job: JobContext, threads: int) -> _Measured:
    """The model's record, and how it is spoken to."""
    folder = job.input(artifact)
    record = records.inspect(folder)
    base = job.input(record.base) if record.format == "adapter" and record.base else None
    spoken = dialect.load(folder, base)
    source = Source(record.format, folder, base, spoken.stop_ids, threads)
    return _Measured(id=artifact, record=record, source=source, dialect=spoken)


def _measure(
    model: _Measured,
    number: int,
    questions: list[rows.Question],
    timed: tuple[int, ...],
    spec: EvaluateSpec,
    job: JobContext,
    done: int,
) -> int:
    """Runs one model's process until it is finished or a stop was asked. Returns the answers done in all."""
    began = time.monotonic()
    expected = tuple(tuple(model.dialect.answer(question.messages)) for question in questions)
    work = MeasuringTask(
        source=model.source,
        prompts=tuple(tuple(model.dialect.prompt(question.prompt)) for question in questions),
        expected=expected,
        max_new_tokens=room_for(expected, spec.max_new_tokens),
        batch_size=spec.batch_size,
        timed=timed,
    )
    messages = child.measure(work)
    try:
        for message in messages:
            match message:
                case Answered():
                    model.answers.update(zip(message.rows, message.answers, strict=True))
                    _show(model, message, questions, job)
                    done += len(message.rows)
                case Timed():
                    model.timed.append(message)
                    done += 1
                    job.metrics(done, model=number, latency_ms=message.total_ms, ttft_ms=message.ttft_ms)
                case Finished():
                    model.finished = message
                    job.metrics(done, model=number, tokens_per_s=message.tokens_per_s)
            job.progress(done)
            if job.stop_requested:
                break
    finally:
        messages.close()
        model.seconds = time.monotonic() - began
    return done


def room_for(expected: Sequence[Sequence[int]], wished: int) -> int:
    """Tokens an answer may have: never fewer than the longest right answer, or no model could give it.

    BANKING77's longest label has 17 tokens; cut at 16, no row of it was ever right.
    """
    return max(wished, max(map(len, expected)))


def _show(model: _Measured, message: Answered, questions: list[rows.Question], job: JobContext) -> None:
    """A few answers to read, from the first batches."""
    if len(model.answers) - len(message.rows) >= _SAMPLES * len(message.rows):
        return
    question = questions[message.rows[0]]
    job.sample(
        prompt=question.prompt[-1]["content"],
        expected=question.expected,
        answer=model.dialect.text(message.answers[0].ids),
        model=model.record.name,
    )


def _figures(model: _Measured, task: str, questions: list[rows.Question]) -> report.ModelFigures:
    """From answers and times to one row of the report."""
    n = len(model.answers)
    hits = sum(
        quality.right(model.dialect.text(answer.ids), questions[row].expected)
        for row, answer in model.answers.items()
    )
    tokens = sum(answer.scored for answer in model.answers.values())
    share = {"accuracy" if task == "classification" else "exact_match": hits / n}
    figures = report.Quality(
        **share,
        n=n,
        ci95=quality.wilson(hits, n),
        perplexity_tokens=tokens,
        perplexity=quality.perplexity(sum(answer.nll for answer in model.answers.values()), tokens),
    )
    firsts, totals = [time.ttft_ms for time in model.timed], [time.total_ms for time in model.timed]
    latency = (
        report.Latency(
            ttft_p50=quality.percentile(firsts, 0.5),
            ttft_p95=quality.percentile(firsts, 0.95),
            total_p50=quality.percentile(totals, 0.5),
            total_p95=quality.percentile(totals, 0.95),
        )
        if totals
        else None
    )
    size = model.record.bytes + (records.bytes_on_disk(model.source.base) if model.source.base else 0)
    return report.ModelFigures(
        model=model.record.name,
        id=model.id,
        kind=model.record.format,
        recipe=model.record.recipe,
        bytes_on_disk=size,
        quality=figures,
        latency_ms=latency,
        seconds=model.seconds,
        tokens_per_s=model.finished.tokens_per_s if model.finished else None,
        peak_rss_bytes=model.finished.peak_rss_bytes if model.finished else None,
    )


def _write(
    job: JobContext, result: report.EvaluationReport, models: list[_Measured], questions: list[rows.Question]
) -> None:
    """The figures, and every answer for whoever wants to look."""
    folder = job.stage("report")
    plain = result.model_dump(mode="json", exclude_none=True)
    durable.write_json(folder / report.NAME, plain)
    lines = []
    for row, question in enumerate(questions):
        said = {
            model.id: model.dialect.text(model.answers[row].ids) for model in models if row in model.answers
        }
        line = {
            "row": question.row,
            "prompt": question.prompt[-1]["content"],
            "expected": question.expected,
            "answers": said,
        }
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    durable.write_text(folder / report.ANSWERS, "".join(lines))
    names = [figures.model for figures in result.models]
    job.artifact("report", folder, meta={"data": result.data, "models": names})
    job.result(**plain)
