"""The trainer whose rows carry what teachers say, and whose last steps may be the student's own answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.engines.distilling import soft
from core.engines.distilling.divergence import Parts, Teaching
from core.engines.distilling.lessons import Lessons
from core.engines.distilling.matching import Matching
from core.engines.distilling.soft import Lesson, Soft
from core.engines.distilling.teacher import TorchTeacher
from core.engines.training import packing
from core.engines.training.examples import Example
from core.engines.training.templates import IGNORED
from core.engines.training.trainer import Look, WorkbenchTrainer

_NEARNESS = ("teacher_loss", "agreement", "retention")


class OwnAnswers:
    """The student answers, the teacher says what it would have said at each token (Agarwal et al. 2024).

    Args:
        teacher: Loads the live teacher; called when the first such step comes.
        top_k: Entries kept of its distribution.
        temperature: At which it is kept.
        stop_ids: Tokens that end an answer.
    """

    def __init__(
        self, teacher: Callable[[], TorchTeacher], top_k: int, temperature: float, stop_ids: Sequence[int]
    ) -> None:
        self._load = teacher
        self._teacher: TorchTeacher | None = None
        self._top_k = top_k
        self._temperature = temperature
        self._stop = list(stop_ids)

    def sample(self, model: Any, rows: Sequence[Example]) -> list[Example]:
        """The rows' prompts with answers that the student draws from its own distribution."""
        prompts = [row.ids[: len(row.ids) - _answered(row)] for row in rows]
        room = max(_answered(row) for row in rows) + 8
        longest = max(map(len, prompts))
        ids = torch.tensor([[0] * (longest - len(ids)) + ids for ids in prompts])
        mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts])
        was_training, cached = model.training, model.config.use_cache
        model.eval()
        model.config.use_cache = True
        with torch.no_grad():
            drawn = model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                max_new_tokens=room,
                eos_token_id=self._stop,
                pad_token_id=self._stop[0],
            )[:, longest:].tolist()
        model.config.use_cache = cached
        model.train(was_training)
        return [_continued(ids, said, self._stop) for ids, said in zip(prompts, drawn, strict=True)]

    def lesson(self, rows: Sequence[Example]) -> list[Lesson]:
        """What the teacher says about each of the rows."""
        if self._teacher is None:
            self._teacher = self._load()
        found: list[Lesson | None] = [None] * len(rows)
        for number, logits in self._teacher.logits(rows):
            ids, logs, tail = soft.coarsen(logits, self._top_k, self._temperature)
            labels = torch.tensor(rows[number].learnt)
            known = torch.ones(len(labels), dtype=torch.bool)
            found[number] = Lesson(labels, (Soft(ids, logs, tail, known),))
        return [lesson for lesson in found if lesson is not None]


def _answered(row: Example) -> int:
    """Tokens from the first learnt one on."""
    return len(row.labels) - next(at for at, label in enumerate(row.labels) if label != IGNORED)


def _continued(prompt: list[int], said: list[int], stop: list[int]) -> Example:
    ends = [at for at, token in enumerate(said) if token in stop]
    answer = said[: ends[0] + 1] if ends else said
    return Example(prompt + answer, [IGNORED] * len(prompt) + answer)


class DistillTrainer(WorkbenchTrainer):
    """Learns from teachers.

    Args:
        lessons: What they say about every row.
        teaching: The loss.
        own: For the steps in which the student answers itself; None where there are none.
        own_from: The first such step, from 0.
        matching: Brings hidden states and attention together; None where neither is wanted.
    """

    def __init__(
        self,
        *args: Any,
        lessons: Lessons,
        teaching: Teaching,
        own: OwnAnswers | None,
        own_from: int,
        matching: Matching | None = None,
        **kwargs: Any,
    ) -> None:
        self._lessons = lessons
        self._matching = matching
        self._own = own
        self._own_from = own_from
        super().__init__(*args, **kwargs)
        self.objective = teaching
        # The weights are still the student's own, on a resume too.
        self._before = self.look_at(self._validation).loss if self._validation is not None else None
        # Judged by itself: an answer that the student drew is no label.
        self._judged = replace(teaching, label_weight=0.0)

    def batch(self, rows: Sequence[Example]) -> packing.Batch:
        """Rows as they go through the model, each with its lesson."""
        found = super().batch(rows)
        packs = tuple(
            replace(pack, lesson=self._lessons.of([rows[number] for number in pack.rows]))
            for pack in found.packs
        )
        return replace(found, packs=packs, examples=tuple(rows))

    def training_step(
        self, model: nn.Module, inputs: packing.Batch, num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """A step on the rows' own answers, or on the student's."""
        if self._own is None or self.state.global_step < self._own_from:
            return super().training_step(model, inputs, num_items_in_batch)
        drawn = self._own.sample(model, inputs.examples)
        lessons = self._own.lesson(drawn)
        own = super().batch(drawn)
        packs = tuple(
            replace(pack, lesson=soft.join([lessons[number] for number in pack.rows])) for pack in own.packs
        )
        taught, self.objective = self.objective, self._judged
        try:
            return super().training_step(model, replace(own, packs=packs), num_items_in_batch)
        finally:
            self.objective = taught

    def loss_of(self, model: nn.Module, rows: packing.Pack) -> Tensor:
        """Also how far student and teacher are from each other inside, where that is wanted."""
        if self._matching is None:
            return super().loss_of(model, rows)
        teacher = self._matching.teacher(rows)  # first, while the student keeps nothing for its way back
        with self._matching.student(model, rows) as student:
            loss = super().loss_of(model, rows)
        return loss + self._matching.apart(student, teacher, rows)

    def judge_kept(self, step: int) -> dict[str, float]:
        """How near the kept weights, those of `step`, are to the teacher.

        A student that knew much may lose it in a few steps of a high rate: that is said.
        """
        if self._before is None:
            return {}
        look = self.watched(step)
        if look.loss > self._before:
            self.job.warn(
                "The student now does worse on the validation rows than before it began (loss "
                f"{look.loss:.3f}, before {self._before:.3f}). Give it more passes, or a learning rate of a "
                "third; the model that it came from is unchanged."
            )
        return {
            f"teacher_{name}": look.figures[f"validation_{name}"]
            for name in ("agreement", "retention")
            if f"validation_{name}" in look.figures
        }

    def parts_of_loss(self) -> dict[str, float]:
        """The labels' share, the teacher's, what goes on inside, and how often both would say the same."""
        found: dict[str, float] = self.objective.parts.take()
        return found | self._matching.take() if self._matching is not None else found

    def look_at(self, rows: packing.Batch) -> Look:
        """As without a teacher; how near the student is to it is noted from the same pass."""
        teaching: Teaching = replace(self.objective, parts=Parts())
        self.model.eval()
        losses = [0.0] * rows.rows
        for pack in rows.packs:
            start = 0
            each: list[Tensor] = []
            teaching.parts.each_label = each
            with self.numbers():
                for logits in packing.answer_logits(self.model, pack):
                    teaching.each(logits, pack.lesson[start : start + len(logits)])
                    start += len(logits)
            for row, loss in zip(pack.rows, packing.summed(pack, torch.cat(each)).tolist(), strict=True):
                losses[row] = loss
        found = teaching.parts.take()
        near = {f"validation_{name}": found[name] for name in _NEARNESS if name in found}
        return Look(found["label_loss"], tuple(losses), near)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Also how near it is to the teacher, and what it keeps of the teacher's right tokens."""
        figures = super().evaluate(*args, **kwargs)
        if self._validation is not None:
            step = self.state.global_step
            self.job.metrics(step, **self.watched(step).figures)
        return figures
