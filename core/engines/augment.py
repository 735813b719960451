"""Adds varied copies of training rows: with typing errors, or in a local model's other words."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from core.data import augmenting
from core.data.augmenting import Copies, Variable
from core.data.dataset import Dataset
from core.engines import merging, receipt
from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Source, open_runtime
from core.engines.seal import seal
from core.errors import InputError
from core.models import records
from core.specs import AugmentSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_ASK = (
    "Say the following in other words. Keep its meaning, its names and its figures. "
    "Write only the new sentence.\n\n{question}"
)
_SAMPLES = 4
_TOKENS_MORE = 24


def run(spec: AugmentSpec, job: JobContext) -> None:
    """Draws rows, varies their questions, and writes the new version.

    Raises:
        InputError: Nothing is asked for, or nothing new came of it.
    """
    seal()
    job.phase("preparing")
    data = Dataset(job.input(spec.data))
    augmenting.require_variable(data)
    if not spec.typos and not spec.paraphrase_model:
        raise InputError(
            "Nothing would be added.",
            why="No row is to get typing errors, and no model is to rewrite rows.",
            fix="Raise the share of rows with typos, or choose a model.",
            code="data.augment",
        )
    copies, rows = Copies(data), list(augmenting.variable_rows(data))
    dice = random.Random(f"typos {spec.seed}")
    augmenting.add_typos(copies, augmenting.drawn(rows, spec.typos, dice), spec.typo_rate, dice)
    refused = 0
    if spec.paraphrase_model:
        dice = random.Random(f"paraphrase {spec.seed}")
        refused = _paraphrase(
            spec, spec.paraphrase_model, augmenting.drawn(rows, spec.paraphrase, dice), copies, job
        )
    if not copies.lines:
        raise InputError(
            "No new row came of it.",
            why="The drawn rows have no text to vary, or the model's answers were no new questions.",
            fix="Raise the shares, or choose a larger model to rewrite.",
            code="data.augment",
        )
    folder = job.stage("dataset")
    info = augmenting.write(copies, job.name or f"{data.info.name} varied", folder)
    if refused:
        job.warn(
            f"{refused} rewritten rows were not taken: empty, equal, of another length, or without a figure "
            "or word that the answer needs."
        )
    labels = len(info.labels) if info.labels is not None else None
    meta = {"task": info.task, "counts": info.counts, "labels": labels, "instruction": info.instruction}
    job.artifact("dataset", folder, meta=meta)
    job.result(added=copies.added, not_taken=refused, counts=info.counts)


def _paraphrase(spec: AugmentSpec, model: str, rows: list[Variable], copies: Copies, job: JobContext) -> int:
    """Asks the model for every row in other words; a stop keeps what there is. Returns answers not taken."""
    job.phase("loading")
    folder = job.input(model)
    record = records.inspect(folder)
    receipt.require_usable(job, model, "cannot be used")
    bases = merging.bases(job, model)
    spoken = dialect.load(folder, bases)
    threads = int(job.resources["threads"])
    runtime = open_runtime(Source(record.format, folder, bases, spoken.stop_ids, threads))
    job.phase("rewriting", total=len(rows), unit="rows")
    refused = done = shown = 0
    rows = sorted(rows, key=lambda row: len(row.question))  # rows of like length share a batch
    for start in range(0, len(rows), spec.batch_size):
        if job.stop_requested:
            job.stopped()
            break
        batch = rows[start : start + spec.batch_size]
        prompts = [
            spoken.prompt([{"role": "user", "content": _ASK.format(question=row.question)}]) for row in batch
        ]
        room = max(len(spoken.tokenizer(row.question)["input_ids"]) for row in batch) + _TOKENS_MORE
        fitting = [at for at, prompt in enumerate(prompts) if len(prompt) + room <= runtime.context]
        answers = (
            runtime.answer([prompts[at] for at in fitting], [()] * len(fitting), room) if fitting else []
        )
        refused += len(batch) - len(fitting)
        for at, answer in zip(fitting, answers, strict=True):
            said = spoken.text(answer.ids)
            question = augmenting.usable_paraphrase(batch[at], said)
            taken = bool(question) and copies.add(batch[at], question, augmenting.PARAPHRASE, record.name)
            refused += not taken
            if shown < _SAMPLES:
                shown += 1
                job.sample(prompt=batch[at].question, answer=said)
        done += len(batch)
        job.progress(done)
    return refused
