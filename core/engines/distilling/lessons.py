"""Brings what teachers said to the student's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from core.engines.distilling import soft
from core.engines.distilling.soft import ABSENT, Lesson, Soft
from core.engines.distilling.store import Said
from core.engines.distilling.teacher import Asked, places
from core.engines.training.examples import Example, Split

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Lessons:
    """For each of the student's rows: its right tokens, and what each teacher says about them.

    A teacher speaks on a row when it cuts the answer into the same tokens; ids are carried over by the
    tokens' texts, so that a trimmed or a padded vocabulary is no obstacle. By rank it may cut differently:
    the answers' tokens then meet in order, as far as both go.

    Args:
        teachers: What they said.
        tokenizer: The student's.
        by_rank: Whether probabilities are compared by rank, not by token.
    """

    def __init__(
        self, teachers: Sequence[Asked], tokenizer: PreTrainedTokenizerBase, *, by_rank: bool
    ) -> None:
        self._teachers = teachers
        self._by_rank = by_rank
        self._carried = [carried(teacher.tokenizer, tokenizer) for teacher in teachers]
        self._said: dict[int, list[Said | None]] = {}

    def add(self, rows: Sequence[Example], split: Split) -> list[float]:
        """Takes the student's rows in. Returns the share of them that each teacher speaks on."""
        spoken = [0] * len(self._teachers)
        for row, place in zip(rows, places(rows), strict=True):
            found = [teacher.said[split].get(place) for teacher in self._teachers]
            labels = _labels(row)
            for number, said in enumerate(found):
                if said is not None and not self._by_rank and not self._same(number, said, labels):
                    found[number] = None
                spoken[number] += found[number] is not None
            self._said[id(row)] = found
        return [count / max(len(rows), 1) for count in spoken]

    def _same(self, number: int, said: Said, labels: Tensor) -> bool:
        theirs = self._carried[number][torch.from_numpy(said.labels.astype(np.int64))]
        return bool(torch.equal(theirs, labels))

    def of(self, rows: Sequence[Example]) -> Lesson:
        """The lesson of rows that were taken in, all their answer tokens in order."""
        return soft.join([self._lesson(row) for row in rows])

    def _lesson(self, row: Example) -> Lesson:
        labels = _labels(row)
        teachers = [
            soft.silence(len(labels)) if said is None else self._soft(number, said, len(labels))
            for number, said in enumerate(self._said[id(row)])
        ]
        return Lesson(labels, tuple(teachers))

    def _soft(self, number: int, said: Said, tokens: int) -> Soft:
        both = min(tokens, len(said.tail))
        ids = torch.from_numpy(said.ids[:both].astype(np.int64))
        known = Soft(
            self._carried[number][ids],
            torch.from_numpy(said.logs[:both].astype(np.float32)),
            torch.from_numpy(said.tail[:both].astype(np.float32)),
            torch.ones(both, dtype=torch.bool),
        )
        if both == tokens:
            return known
        return soft.joined([known, soft.silence(tokens - both)])


def carried(teacher: PreTrainedTokenizerBase, student: PreTrainedTokenizerBase) -> Tensor:
    """The student's id of each of the teacher's tokens, `ABSENT` where it has none. Shape (ids,)."""
    theirs, ours = teacher.get_vocab(), student.get_vocab()
    room = 1 + max(theirs.values(), default=0)
    found = torch.full((max(room, 1 << 18),), ABSENT)  # beyond the tokenizer lies only padding
    numbers = torch.tensor(list(theirs.values()))
    found[numbers] = torch.tensor([ours.get(token, ABSENT) for token in theirs])
    return found


def _labels(row: Example) -> Tensor:
    return torch.tensor(row.learnt, dtype=torch.long)
