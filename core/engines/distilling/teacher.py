"""Asks a teacher for its distribution at every answer token of a data set."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.data.dataset import Dataset
from core.engines import merging, tokenizing
from core.engines.distilling import spoken, store
from core.engines.distilling.soft import coarsen, entries
from core.engines.distilling.store import Place, Said
from core.engines.runtimes.runtime import Source, open_runtime
from core.engines.training import examples, freeing, packing, precision, sampling, weights
from core.engines.training.examples import Example, Split
from core.engines.training.preparation import Decisions
from core.engines.training.templates import IGNORED, without_default_system
from core.models import records
from core.specs import DistillSpec
from core.workspace import manifest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.jobs.context import JobContext

_SPLITS: tuple[Split, ...] = ("train", "validation")
#: Answers are kept part by part; a stop waits for a part that is complete so soon, well within its grace.
_FINISHED_IN_S = 30.0
#: Rows come a pack at a time, so that after a few of them the pace is not yet known.
_LOOKED_AT_EVERY = 16
#: A tokenizer and a template that differ in anything of this would cut or frame the rows differently.
_TEXT_FILES = ("tokenizer.json", "tokenizer_config.json", records.TEMPLATE)


class Teacher(Protocol):
    """A loaded model that is only asked."""

    def answer(self, prompt: Sequence[int], ends: set[int], longest: int) -> list[int]:
        """The likeliest answer's tokens, without the one that ends it."""
        ...

    def logits(self, rows: Sequence[Example]) -> Iterator[tuple[int, Tensor]]:
        """Each row's index, in any order, and its logits at the answer's tokens: (targets, vocabulary)."""
        ...


@dataclass(frozen=True)
class Asked:
    """Everything one teacher said, by row, in its own tokens; and its answers to what is shown, by row."""

    said: dict[Split, dict[Place, Said]]
    tokenizer: PreTrainedTokenizerBase
    answers: dict[int, str]


@dataclass
class Count:
    """How many answers the teachers of a run are to give, and how many of them are on the disk."""

    wanted: int = 0
    kept: int = 0


def ask(spec: DistillSpec, number: int, job: JobContext, decisions: Decisions, count: Count) -> Asked:
    """What the teacher says on the training and validation rows; what an earlier run kept is not asked again.

    Args:
        spec: What is taught.
        number: Which of its teachers.
        job: Whose run it is.
        decisions: What the spec leaves open.
        count: Grows with what is wanted and kept.

    Raises:
        InputError: The teacher's template refuses the conversations.
        CancelledError: A stop was requested; what was kept stays.
    """
    artifact = spec.teachers[number]
    folder = job.input(artifact)
    tokenizer = load_tokenizer(folder, keep_system=spec.default_system)
    data = Dataset(job.input(spec.data))
    vocabulary = _vocabulary(job, artifact)
    top_k = entries(spec.top_k, vocabulary)
    facts = {
        "teacher": merging.digest(job, artifact),
        "text": [manifest.hash_file(folder / name) for name in _TEXT_FILES if (folder / name).exists()],
        "data": examples.digest(job.input(spec.data)),
        "max_length": spec.max_length,
        "default_system": spec.default_system,
        "temperature": spec.temperature,
        "top_k": top_k,
        "precision": decisions.precision,
    }
    name = records.describe(folder).name or "The teacher"
    kept = store.open_store(job.folder.parents[1] / "cache" / "teachers", store.key(**facts), facts)
    rows: dict[Split, list[Example]] = {}
    for split in _SPLITS:
        rows[split] = _encoded(data, split, tokenizer, spec.max_length, job)
    parts = [
        (f"{split}-{start:07d}", split, start)
        for split in _SPLITS
        for start in range(0, len(rows[split]), store.ROWS_A_PART)
    ]
    missing = [part for part in parts if not store.complete(kept, part[0])]
    total = sum(map(len, rows.values()))
    done = total - sum(len(rows[split][start : start + store.ROWS_A_PART]) for _name, split, start in missing)
    count.wanted += total
    count.kept += done
    shown = sampling.shown(rows["validation"], spec.sample_prompts) if number == 0 else []
    answers = spoken.read(kept)
    if missing or any(row.row not in answers for row in shown):
        job.log(f"{name} is asked about {total} rows.")
        teacher = load(job, artifact, rows[missing[0][1] if missing else "validation"], decisions)
        job.phase("asking", total=total, unit="rows")
        for part, split, start in missing:
            chosen = rows[split][start : start + store.ROWS_A_PART]
            named = places(rows[split])[start : start + store.ROWS_A_PART]
            told: list[Said | None] = [None] * len(chosen)
            began = time.monotonic()
            for answered, (row, logits) in enumerate(teacher.logits(chosen), start=1):
                told[row] = _said(chosen[row], logits, top_k, spec.temperature)
                done += 1
                job.progress(done)
                left_s = (time.monotonic() - began) / answered * (len(chosen) - answered)
                if answered % _LOOKED_AT_EVERY == 0 and left_s > _FINISHED_IN_S:
                    job.check_cancelled()
            store.write(kept, part, named, [said for said in told if said is not None], vocabulary)
            count.kept += len(chosen)
            job.goes_on_after("rows", done, total)
            job.check_cancelled()
        answers = spoken.ask(teacher, shown, tokenizer, kept)
        del teacher
        gc.collect()
        freeing.trim()  # else the student would learn beside the teacher's empty place
    else:
        job.log(f"{name} was asked before; its answers are used again.")
    said = {split: store.read(kept, [part for part, of, _start in parts if of == split]) for split in _SPLITS}
    job.log(
        f"{name}'s {top_k} likeliest tokens hold {_held(said):.1%} of its probability, the tail the rest."
    )
    return Asked(said, tokenizer, answers)


def _held(said: dict[Split, dict[Place, Said]]) -> float:
    """Mean share of the teacher's probability on the tokens that were kept one by one."""
    tails = [row.tail.astype(np.float32) for rows in said.values() for row in rows.values()]
    return 1.0 - float(np.exp(np.concatenate(tails)).mean()) if tails else 1.0


def _encoded(
    data: Dataset, split: Split, tokenizer: PreTrainedTokenizerBase, max_length: int, job: JobContext
) -> list[Example]:
    found = examples.Examples()
    for growing in examples.encode(data, split, tokenizer, max_length):
        found = growing
        job.check_cancelled()
    return found.usable


def load_tokenizer(folder: Path, *, keep_system: bool) -> PreTrainedTokenizerBase:
    """A model's tokenizer with the template that training uses."""
    tokenizer = tokenizing.load(folder)
    if not keep_system:
        variant = without_default_system(tokenizer)
        if variant.removed:
            tokenizer.chat_template = variant.template
    return tokenizer


def load(job: JobContext, artifact: str, probe: Sequence[Example], decisions: Decisions) -> Teacher:
    """The teacher in memory, in whatever runtime it is made for."""
    folder = job.input(artifact)
    if records.describe(folder).format == "onnx":
        return _OnnxTeacher(Source("onnx", folder, (), (), decisions.threads))
    return load_torch(job, artifact, probe, decisions)


def load_torch(
    job: JobContext, artifact: str, probe: Sequence[Example], decisions: Decisions
) -> TorchTeacher:
    """A transformers teacher in memory; in bf16 only where it is stored so and that is faster."""
    stored = records.describe(job.input(artifact)).dtype in ("bf16", "bfloat16")
    dtype = torch.bfloat16 if decisions.bf16 and stored else torch.float32
    model: Any = weights.load_model(job, artifact, dtype)
    return TorchTeacher(model, probe, bf16=decisions.bf16)


class TorchTeacher:
    """A transformers model; many rows go through it at once.

    Args:
        model: In evaluation from now on.
        probe: Rows on which it is checked that they can be laid end to end.
        bf16: Whether matrix products run in bf16.
    """

    def __init__(self, model: Any, probe: Sequence[Example], *, bf16: bool) -> None:
        self.model = model.eval()
        self.packed = packing.prepare(model, probe)
        self.bf16 = bf16

    def logits(self, rows: Sequence[Example]) -> Iterator[tuple[int, Tensor]]:
        """As the protocol says."""
        for pack in packing.batch(rows, packing.PACK_TOKENS if self.packed else 1).packs:
            with precision.products(bf16=self.bf16):
                found = torch.cat([part.float() for part in packing.answer_logits(self.model, pack)])
            counts = torch.bincount(pack.owners, minlength=len(pack.rows)).tolist()
            yield from zip(pack.rows, found.split(counts), strict=True)

    def answer(self, prompt: Sequence[int], ends: set[int], longest: int) -> list[int]:
        """As the protocol says."""
        with precision.products(bf16=self.bf16):
            return list(sampling.likeliest(self.model, prompt, ends, longest))


class _OnnxTeacher:
    """An ONNX folder; rows go through it one by one."""

    def __init__(self, source: Source) -> None:
        self._runtime = open_runtime(source)

    def logits(self, rows: Sequence[Example]) -> Iterator[tuple[int, Tensor]]:
        """As the protocol says."""
        for number, row in enumerate(rows):
            before = [at - 1 for at, label in enumerate(row.labels) if at and label != IGNORED]
            yield number, torch.from_numpy(self._runtime.log_probabilities(row.ids)[before])

    def answer(self, prompt: Sequence[int], ends: set[int], longest: int) -> list[int]:
        """As the protocol says."""
        said = list(self._runtime.stream(prompt, longest))
        return said[:-1] if said and said[-1] in ends else said


def _said(example: Example, logits: Tensor, top_k: int, temperature: float) -> Said:
    ids, logs, tail = coarsen(logits, top_k, temperature)
    return Said(np.asarray(example.learnt), ids.numpy(), logs.numpy(), tail.numpy())


def places(rows: Sequence[Example]) -> list[Place]:
    """A name for each row that does not depend on which rows were left out."""
    seen: dict[int, int] = {}
    found = []
    for row in rows:
        piece = seen.get(row.row, 0)
        seen[row.row] = piece + 1
        found.append((row.row, piece))
    return found


def _vocabulary(job: JobContext, artifact: str) -> int:
    """Entries of the teacher's output layer."""
    folder = job.input(artifact)
    if records.describe(folder).format == "onnx":
        return int(records.read_json(folder / "genai_config.json")["model"]["vocab_size"])
    return merging.root_shape(job, artifact).vocabulary
