"""Has a teacher write examples: prompts, answers, filters, and a new data set that knows its origin."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.data.dataset import Dataset, Generated
from core.data.generating import assembling, filters, joining, plan, presets
from core.data.generating.assembling import Made
from core.data.generating.plan import Prompt
from core.engines.generating import opening
from core.engines.generating.answers import Answers
from core.engines.generating.asking import Asking
from core.engines.generating.dialogue import Work, done_before, work_on
from core.engines.generating.teacher import Enough, Teacher
from core.engines.seal import seal
from core.errors import CancelledError, InputError, WorkbenchError
from core.models import records
from core.specs import GenerateSpec
from core.workspace import durable, manifest

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_SHOWN = 5
_LIMITS = {
    "budget": "One more answer could cost more than is left of the budget of {spec.budget:g}; it ends here.",
    "tokens": "One more answer could pass the limit of {spec.max_tokens_total:,} tokens; it ends here.",
}


def run(spec: GenerateSpec, job: JobContext) -> None:
    """Asks what was not asked before, filters, writes the data set. A stop or a limit keeps what there is.

    Raises:
        InputError: The data does not suit the task, or no answer was kept.
        WorkbenchError: The teacher cannot answer any more; a resumed run goes on with what is missing.
        CancelledError: A stop was requested before there was an answer.
    """
    seal()
    job.phase("preparing")
    source = job.input(spec.data)
    data = Dataset(source)
    like = Dataset(job.input(spec.like)) if spec.like else None
    followed = like.info if like is not None else None
    assignment = presets.assign(spec, data.info, followed)
    prompts = plan.prompts(data, spec, assignment, followed)
    layout = assembling.layout(data, spec, assignment, followed)
    if spec.with_rows:
        joining.require_alike(followed or data.info, layout.roles)
    endpoint = opening.endpoint_of(spec, job)
    teacher, answers = opening.teacher(spec, job, endpoint), Answers(job.folder)
    asking = Asking(teacher, answers, spec, job, endpoint)
    work = Work(spec, assignment, layout, asking)
    before = asyncio.run(done_before(prompts, work, answers))
    job.phase("asking", total=len(prompts), unit="rows", done=before)
    meter = _Meter(job, answers, asking, len(prompts), before)
    done = asyncio.run(_ask_everything(prompts, work, teacher, meter))
    made = [item for number in sorted(done) for item in done[number]]
    kept = [item for item in made if item.candidate.reason is None]
    dropped = [item for item in made if item.candidate.reason is not None]
    if spec.drop_near_duplicates is not None and kept:
        job.phase("filtering")
        copies = assembling.near_copies(
            kept, layout, spec.drop_near_duplicates, assignment, job.stage("compare")
        )
        dropped += [
            replace(item, candidate=item.candidate.dropped("near_duplicate"))
            for place, item in enumerate(kept)
            if place in copies
        ]
        kept = [item for place, item in enumerate(kept) if place not in copies]
    counts = Counter(str(item.candidate.reason) for item in dropped)
    tokens_in, tokens_out = answers.used
    job.result(
        asked=len(done),
        answers=len(made),
        answers_kept=len(answers),
        kept=len(kept),
        dropped=dict(counts),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=round(asking.cost, 6),
        end=asking.end,
    )
    if not kept and len(answers) and asking.end == "stopped":
        job.log(f"Stopped before a row was complete; {len(answers)} answers stay.")
        job.stopped()
        return
    _require_some(kept, counts, asking)
    job.phase("saving")
    generated = Generated(
        teacher=records.describe(job.input(spec.teacher)).name,
        teacher_id=spec.teacher,
        host=endpoint.host if endpoint is not None else "",
        model=endpoint.model if endpoint is not None else "",
        settings=spec.model_dump(mode="json", exclude={"teacher", "data", "like"}),
        task=assignment.preset,
        system=assignment.system,
        prompts=len(done),
        answers=len(made),
        dropped=dict(counts),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=asking.cost,
    )
    folder, name = job.stage("dataset"), job.name or f"{data.info.name} generated"
    scratch, digest = job.stage("rows"), manifest.read(source).digest
    info = assembling.write(
        data, digest, kept, spec, assignment, layout, generated, name, folder, scratch, like
    )
    assembling.write_dropped(folder, dropped)
    for used in ("compare", "rows"):
        durable.remove_folder(job.folder / "out" / used)
    if said := filters.sentence(counts):
        job.log(said)
    for warning in info.check.warnings:
        job.warn(warning)
    labels = len(info.labels) if info.labels is not None else None
    meta = {"task": info.task, "counts": info.counts, "labels": labels, "instruction": info.instruction}
    job.artifact("dataset", folder, meta=meta)
    job.result(counts=info.counts)
    if info.generated is not None and info.generated.joined:
        job.result(joined=info.generated.joined)
    if asking.end:
        if asking.end in _LIMITS:
            job.warn(_LIMITS[asking.end].format(spec=spec))
        job.stopped()


async def _ask_everything(
    prompts: Sequence[Prompt], work: Work, teacher: Teacher, meter: _Meter
) -> dict[int, list[Made]]:
    """Every prompt that could be worked on to its end, by its number.

    Whoever meets an error lets the others finish what they have asked: it may have to be paid.
    """
    waiting, done = iter(prompts), dict[int, list[Made]]()

    async def go_on() -> None:
        for prompt in waiting:
            try:
                done[prompt.number] = await work_on(prompt, work)
            except Enough:
                return
            meter.count(done[prompt.number])

    try:
        ended = await asyncio.gather(*(go_on() for _ in range(teacher.at_once)), return_exceptions=True)
    finally:
        await teacher.close()
    errors = [error for error in ended if isinstance(error, BaseException)]
    known = [error for error in errors if isinstance(error, WorkbenchError)]
    if errors:
        raise (known or errors)[0]
    return done


class _Meter:
    """Says how far it is and what it costs."""

    def __init__(self, job: JobContext, answers: Answers, asking: Asking, total: int, before: int) -> None:
        self._job = job
        self._answers = answers
        self._asking = asking
        self._total = total
        self._before = before
        self._done = 0
        self._counts = Counter[str]({"kept": 0})

    def count(self, made: Sequence[Made]) -> None:
        """A prompt is done. What is kept so far may still be dropped as a near-duplicate."""
        self._done += 1
        reasons = [item.candidate.reason for item in made]
        self._counts.update(f"dropped.{reason}" if reason else "kept" for reason in reasons)
        tokens_in, tokens_out = self._answers.used
        cost = self._asking.cost
        self._job.metrics(
            self._done,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=cost,
            projected_cost=cost / self._done * self._total,
            **self._counts,
        )
        reached = max(self._done, self._before)
        self._job.goes_on_after("rows", reached, self._total)
        self._job.progress(reached)
        if self._done <= _SHOWN:
            for item in made:
                reason = item.candidate.reason
                self._job.sample(
                    prompt=item.prompt.messages[-1]["content"],
                    answer=item.candidate.text,
                    expected=item.prompt.expected or None,
                    step=self._done,
                    note=f"dropped: {filters.WORDS[reason]}" if reason else "kept",
                )


def _require_some(kept: Sequence[Made], counts: Counter[str], asking: Asking) -> None:
    if kept:
        return
    if asking.end == "stopped":
        raise CancelledError("The job was stopped before it had a result.")
    if asking.end in _LIMITS:
        raise InputError(
            "The limit was reached before there was an answer to keep.",
            why="One answer may use more than it allows.",
            fix="Raise the budget or the limit of tokens, or lower the longest answer.",
            code="generate.limit",
        )
    raise InputError(
        "No answer was kept.",
        why=filters.sentence(counts),
        fix="Choose another teacher, say more in the system line, or loosen the filters.",
        code="generate.nothing_kept",
    )
