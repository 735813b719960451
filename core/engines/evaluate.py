"""Measures models on rows that none of them has learnt from.

Every model answers the same rows, greedily, in a process of its own. Text becomes tokens here, so that the
measured process holds nothing but the runtime and the weights.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.data import harness_tasks
from core.data.dataset import Dataset
from core.engines import merging
from core.engines.measuring import (
    child,
    comparing,
    forgetting,
    judging,
    machine,
    quality,
    rows,
    timing,
    weights,
)
from core.engines.measuring.comparing import Result
from core.engines.measuring.forgetting import Asked
from core.engines.measuring.pace import Pace
from core.engines.measuring.quality import Said
from core.engines.measuring.task import Answered, Finished, Read, Scored, Timed
from core.engines.measuring.task import Task as MeasuringTask
from core.engines.runtimes import dialect
from core.engines.runtimes.dialect import Dialect
from core.engines.runtimes.runtime import Answer, Source
from core.engines.seal import seal
from core.errors import CancelledError, InputError
from core.models import records, report
from core.models.speed import Timing
from core.specs import EvaluateSpec
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_SAMPLES = 4
_READING = "pretraining"  # the task whose rows are read, not answered
_TIMED_TOKENS = 32  # of a document that serves as a prompt
#: How long a timed answer takes where others go in batches, in answers of a batch (7 times in fp32), and, in
#: timed answers, how long it takes to measure the decode speed and to end the process.
_TIMED_WEIGHT, _END_WEIGHT = 5, 3


@dataclass
class _Measured:
    """A model while it is measured."""

    id: str
    record: records.ModelRecord
    source: Source
    dialect: Dialect
    answers: dict[int, Answer] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)
    asked: Asked | None = None
    finished: Finished | None = None
    timing: Timing | None = None
    seconds: float = 0.0


def load_ahead() -> None:
    """Begins to load what transformers models need, before there is a job."""
    seal()
    child.warm_up()


def run(spec: EvaluateSpec, job: JobContext) -> None:
    """Prepares rows, measures model after model, writes the report."""
    seal()
    job.phase("preparing")
    data = Dataset(job.input(spec.data))
    task = str(data.info.task)
    if spec.judge and task == _READING:
        raise InputError(
            f"A judge has nothing to rate in {data.info.name}.",
            why="Its rows are texts that are read; none is answered.",
            fix="Leave the judge out, or choose data with questions.",
            code="evaluate.judge",
        )
    questions = rows.read(data, spec.split, spec.limit)
    threads = int(job.resources["threads"])
    if any(records.describe(job.input(model.partition(":")[0])).format != "onnx" for model in spec.models):
        child.warm_up()
    models = [_open(artifact, job, threads, chat=task != _READING) for artifact in spec.models]
    if spec.general:
        for model in models:
            model.asked = forgetting.prepare(model.dialect)
    timed = timed_rows(spec, len(questions))
    lengths = timing.thirds({row: questions[row].characters for row in timed})

    parts = len(questions) + len(timed) * spec.repeats + (forgetting.PARTS if spec.general else 0)
    job.phase("measuring", total=len(models) * parts, unit="answers")
    done = 0
    read = [weights.bytes_a_token(model.source) for model in models]
    pace = Pace([own or model.record.bytes for own, model in zip(read, models, strict=True)])
    for number, model in enumerate(models):
        if job.stop_requested:
            break
        job.log(f"Measuring {model.record.name} ({model.record.format})")
        work = _work(model, task, questions, tuple(timed), spec)
        batches = model.source.format != "onnx"
        share = _share(len(questions), len(timed) * spec.repeats, parts, batches=batches)
        pace.begin()
        done = _measure(model, number, work, questions, job, done, _left_s(pace, share))
        pace.end()
        tokens = {row: len(work.prompts[row]) for row in timed}
        model.timing = timing.summary(
            model.timed, lengths, tokens, model.finished, read[number], spec.warm_up
        )

    answered = [model for model in models if model.answers]
    complete = len(answered) == len(models) and all(model.finished for model in models)
    results = _judge(answered, data, questions)
    verdict = None
    if spec.judge and results and not job.stop_requested:
        verdict = judging.rate(spec, job, [result.said for result in results], questions)
        results = [replace(one, marks=own) for one, own in zip(results, verdict.marks, strict=True)]
        complete = complete and not job.stop_requested
    asked = _ask_harness(spec, job, answered, data) if spec.harness and not job.stop_requested else {}
    complete = complete and not (spec.harness and job.stop_requested)
    job.phase("reporting")
    result = report.EvaluationReport(
        machine=machine.describe(threads),
        versions=machine.versions(),
        data=data.info.name,
        split=spec.split,
        task=task,
        rows=len(questions),
        max_new_tokens=spec.max_new_tokens,
        batch_size=spec.batch_size,
        answers_by=data.info.answers_by(spec.split),
        complete=complete,
        models=tuple(
            _figures(model, result).model_copy(update={"harness": asked.get(model.id)})
            for model, result in zip(answered, results, strict=True)
        ),
        comparisons=comparing.against_the_first(results),
        judge=verdict.judge if verdict else None,
        worst=comparing.worst(results, questions),
    )
    _write(job, result, answered, results, questions)
    if not complete:
        job.stopped()


def _left_s(pace: Pace, share: Callable[[int], float]) -> Callable[[int], float | None]:
    """How long all still takes once so many parts of the present model are done."""
    return lambda done: pace.left_s(share(done))


def _share(rows: int, timed: int, parts: int, *, batches: bool = True) -> Callable[[int], float]:
    """How much of a model's time is over once so many of its parts are done: one is not as long as the other.

    Args:
        rows: That are answered in batches; they come first.
        timed: Answers that are timed, one by one; they come next.
        parts: All of them, the general check included, which comes last.
        batches: Whether rows are answered several at once; an export answers all alone, and is timed first.
    """
    if not batches:
        return lambda done: done / parts
    whole = parts + (_TIMED_WEIGHT - 1) * timed + _TIMED_WEIGHT * _END_WEIGHT

    def share(done: int) -> float:
        return (done + (_TIMED_WEIGHT - 1) * min(max(0, done - rows), timed)) / whole

    return share


def timed_rows(spec: EvaluateSpec, rows: int) -> list[int]:
    """Which of so many rows are answered one by one."""
    return random.Random(spec.seed).sample(range(rows), min(spec.latency_prompts, rows))


def _open(artifact: str, job: JobContext, threads: int, *, chat: bool) -> _Measured:
    """The model's record, and how it is spoken to."""
    model, _colon, name = artifact.partition(":")
    folder = job.input(model)
    record = records.inspect(folder)
    bases = merging.bases(job, model)
    adapter = records.adapter_file(folder, name) if name else None
    spoken = dialect.load(folder, bases, adapter.with_suffix(".jinja") if adapter else None, chat=chat)
    if name:
        record = record.model_copy(update={"name": f"{record.name}:{name}"})
    source = Source(record.format, folder, bases, spoken.stop_ids, threads, adapter)
    return _Measured(id=artifact, record=record, source=source, dialect=spoken)


def _work(
    model: _Measured, task: str, questions: list[rows.Question], timed: tuple[int, ...], spec: EvaluateSpec
) -> MeasuringTask:
    """The rows in the model's tokens: conversations to answer, or documents to read."""
    general = model.asked.task if model.asked else None
    if task == _READING:
        documents = tuple(tuple(model.dialect.read(question.expected)) for question in questions)
        return MeasuringTask(
            source=model.source,
            prompts=tuple(ids[:_TIMED_TOKENS] for ids in documents),
            expected=(),
            max_new_tokens=spec.max_new_tokens,
            batch_size=spec.batch_size,
            timed=timed,
            repeats=spec.repeats,
            warm_up=spec.warm_up,
            documents=documents,
            general=general,
        )
    expected = tuple(tuple(model.dialect.answer(question.messages)) for question in questions)
    return MeasuringTask(
        source=model.source,
        prompts=tuple(tuple(model.dialect.prompt(question.prompt)) for question in questions),
        expected=expected,
        max_new_tokens=room_for(expected, spec.max_new_tokens),
        batch_size=spec.batch_size,
        timed=timed,
        repeats=spec.repeats,
        warm_up=spec.warm_up,
        general=general,
    )


def _measure(
    model: _Measured,
    number: int,
    work: MeasuringTask,
    questions: list[rows.Question],
    job: JobContext,
    done: int,
    left_s: Callable[[int], float | None],
) -> int:
    """Runs one model's process until it is finished or a stop was asked. Returns the answers done in all."""
    began, before = time.monotonic(), done
    messages = child.measure(work)
    try:
        for message in messages:
            match message:
                case Answered():
                    model.answers.update(zip(message.rows, message.answers, strict=True))
                    if not work.documents:
                        _show(model, message, questions, job)
                    done += len(message.rows)
                case Timed():
                    model.timed.append(message)
                    done += 1
                    job.metrics(done, model=number, latency_ms=message.total_ms, ttft_ms=message.ttft_ms)
                case Scored() | Read() if model.asked is not None:
                    done += model.asked.take(message)
                case Finished():
                    model.finished = message
                    job.metrics(done, model=number, tokens_per_s=message.tokens_per_s)
            job.progress(done, left_s=left_s(done - before))
            if job.stop_requested:
                break
    finally:
        messages.close()
        model.seconds = time.monotonic() - began
    return done


def _ask_harness(
    spec: EvaluateSpec, job: JobContext, models: list[_Measured], data: Dataset
) -> dict[str, tuple[report.HarnessFigure, ...]]:
    """What lm-evaluation-harness says of each model, until a stop is asked."""
    from core.engines.measuring import harness

    scratch = job.stage("harness")
    if spec.harness == harness_tasks.OWN:
        tasks = [harness_tasks.export(data, spec.split, scratch / "own", spec.limit)]
    else:
        tasks = harness_tasks.read(Path(str(spec.harness)).expanduser())
    prepared = harness.prepare(tasks, scratch / "tasks")
    job.phase("harness", total=len(models), unit="models")
    found = {}
    for number, model in enumerate(models, 1):
        job.log(f"lm-evaluation-harness {harness.version()} asks {model.record.name}")
        try:
            found[model.id] = harness.ask(model.source, model.dialect, tasks, prepared, job)
        except CancelledError:
            break
        except Exception as error:  # somebody's task in somebody's program: what was measured is kept
            said = str(error).splitlines()
            job.warn(f"lm-evaluation-harness could not go on. {type(error).__name__}: {(said or [''])[0]}")
            break
        job.progress(number)
    durable.remove_folder(scratch)
    return found


def room_for(expected: Sequence[Sequence[int]], wished: int) -> int:
    """Tokens an answer may have: never fewer than the longest right answer, or no model could give it.

    BANKING77's longest label has 17 tokens; cut at 16, no row of it was ever right.
    """
    return max(wished, max(map(len, expected), default=0))


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


def _judge(models: list[_Measured], data: Dataset, questions: list[rows.Question]) -> list[Result]:
    """Every model's answers as figures, by one measure for all."""
    task = str(data.info.task)
    measure = quality.measure_of(task, [question.expected for question in questions])
    results = []
    for model in models:
        said = {
            row: Said(model.dialect.text(answer.ids), questions[row].expected, answer.nll, answer.scored)
            for row, answer in sorted(model.answers.items())
        }
        judged = quality.judge(task, measure, list(said.values()), data.info.labels or ())
        results.append(Result(model.record.name, said, judged, model.asked))
    return results


def _figures(model: _Measured, result: Result) -> report.ModelFigures:
    """From answers and times to one row of the report."""
    size = model.record.bytes + sum(map(records.bytes_on_disk, model.source.bases))
    return report.ModelFigures(
        model=model.record.name,
        id=model.id,
        kind=model.record.format,
        recipe=model.record.recipe,
        bytes_on_disk=size,
        quality=_quality(result),
        general=forgetting.figures(model.asked) if model.asked else None,
        latency_ms=timing.latency(model.timed),
        timing=model.timing,
        seconds=model.seconds,
        tokens_per_s=model.finished.tokens_per_s if model.finished else None,
        peak_rss_bytes=model.finished.peak_rss_bytes if model.finished else None,
    )


def _quality(result: Result) -> report.Quality:
    """With what the judge said, if there was one."""
    rated = judging.figures(result.marks) if result.marks else {}
    return result.judged.quality.model_copy(update=rated)


def _write(
    job: JobContext,
    result: report.EvaluationReport,
    models: list[_Measured],
    results: list[Result],
    questions: list[rows.Question],
) -> None:
    """The figures, and every answer with what it adds to its model's main figure."""
    folder = job.stage("report")
    plain = result.model_dump(mode="json", exclude_none=True)
    durable.write_json(folder / report.NAME, plain)
    scores = {
        model.id: dict(zip(judged.said, judged.judged.sums.parts.tolist(), strict=True))
        for model, judged in zip(models, results, strict=True)
    }
    lines = []
    for row, question in enumerate(questions):
        said = {
            model.id: model.dialect.text(model.answers[row].ids) for model in models if row in model.answers
        }
        line = {
            "row": question.row,
            "prompt": question.prompt[-1]["content"] if question.prompt else "",
            "expected": question.expected,
            "answers": said,
            "scores": {model: scores[model][row] for model in said},
        }
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    durable.write_text(folder / report.ANSWERS, "".join(lines))
    names = [figures.model for figures in result.models]
    job.artifact("report", folder, meta={"data": result.data, "models": names})
    job.result(**plain)
