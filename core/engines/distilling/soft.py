"""A teacher's distribution over the next token, kept small: its likeliest tokens and the mass of all others.

Renormalizing the likeliest to one would teach too much confidence (arXiv 2503.16870), so the others stay as
one more entry: the tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

#: Bytes a token may take in the store, and how many of them are not its entries.
BYTES_A_TOKEN = 260
_BESIDE = 6
#: Ids up to this take two bytes each, larger vocabularies four.
SMALL_VOCABULARY = 65_536
#: The place of a token that the student's vocabulary does not have.
ABSENT = -1


@dataclass(frozen=True)
class Soft:
    """One teacher's distributions of N tokens, each over k tokens, the likeliest first, and the tail.

    Shapes: `ids` (N, k), `ABSENT` where the student has no such token; `logs` (N, k) log-probabilities at the
    teaching temperature; `tail` (N,) log-probability of all other tokens; `known` (N,) whether the teacher
    says anything here.
    """

    ids: Tensor
    logs: Tensor
    tail: Tensor
    known: Tensor

    def __getitem__(self, cut: slice) -> Soft:
        """Some of the tokens."""
        return Soft(self.ids[cut], self.logs[cut], self.tail[cut], self.known[cut])


@dataclass(frozen=True)
class Lesson:
    """What N tokens are learnt from: the right ones, shape (N,), and what each teacher says."""

    labels: Tensor
    teachers: tuple[Soft, ...]

    def __len__(self) -> int:
        """Tokens."""
        return len(self.labels)

    def __getitem__(self, cut: slice) -> Lesson:
        """Some of the tokens."""
        return Lesson(self.labels[cut], tuple(teacher[cut] for teacher in self.teachers))


def silence(count: int, width: int = 1) -> Soft:
    """`count` tokens about which a teacher says nothing."""
    return Soft(
        torch.full((count, width), ABSENT),
        torch.full((count, width), float("-inf")),
        torch.zeros(count),
        torch.zeros(count, dtype=torch.bool),
    )


def join(lessons: Sequence[Lesson]) -> Lesson:
    """All tokens of several lessons of the same teachers, in order."""
    teachers = zip(*(lesson.teachers for lesson in lessons), strict=True)
    return Lesson(
        torch.cat([lesson.labels for lesson in lessons]), tuple(joined(parts) for parts in teachers)
    )


def joined(parts: Sequence[Soft]) -> Soft:
    """One teacher's words in order; those with fewer entries are filled up with absent ones."""
    widest = max(part.ids.shape[1] for part in parts)

    def widened(tensor: Tensor, value: float) -> Tensor:
        return functional.pad(tensor, (0, widest - tensor.shape[1]), value=value)

    return Soft(
        torch.cat([widened(part.ids, ABSENT) for part in parts]),
        torch.cat([widened(part.logs, float("-inf")) for part in parts]),
        torch.cat([part.tail for part in parts]),
        torch.cat([part.known for part in parts]),
    )


def entries(top_k: int, vocabulary: int) -> int:
    """How many tokens are kept so that a token stays within `BYTES_A_TOKEN`."""
    each = (2 if vocabulary <= SMALL_VOCABULARY else 4) + 2
    return min(top_k, vocabulary - 1, (BYTES_A_TOKEN - _BESIDE) // each)


def coarsen(logits: Tensor, top_k: int, temperature: float) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest tokens and the tail.

    Shapes: logits (N, vocabulary) → ids (N, k), logs (N, k), tail (N,), all at the temperature.
    """
    scaled = torch.log_softmax(logits.float() / temperature, dim=-1)
    best = torch.topk(scaled, top_k, dim=-1)
    others = scaled.scatter(1, best.indices, float("-inf"))
    return best.indices, best.values, others.logsumexp(-1)
