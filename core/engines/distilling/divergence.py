"""How far a student's distribution is from its teachers', token by token.

Hinton et al. 2015 (temperature and its square), Gu et al. 2024 (reverse), Agarwal et al. 2024 (generalized
Jensen–Shannon at one half), Boizard et al. 2024 (universal: by rank, for other tokenizers). Both sides are
looked at through the teacher's likeliest tokens and the tail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.distilling.soft import ABSENT, Lesson, Soft

#: Stands for the log of nothing: its exponential is zero, and differences with it stay finite.
_NEVER = -1e4
#: Exponent of one over the least probability whose parts are told apart; e to it is within a float.
_RARE = 80.0


@dataclass
class Parts:
    """What the loss consisted of since it was last asked.

    Attributes:
        labels: Sum of the labels' cross entropy.
        tokens: How many labels there were.
        apart: Sum of the distances to the teachers.
        agreed: Tokens on which the student's likeliest is the first teacher's.
        taught: Tokens on which a teacher spoke.
        right: Tokens on which the student's likeliest is the label, where the first teacher spoke.
        teacher_right: Those on which the first teacher's is.
        each_label: Each label's cross entropy, for whoever puts a list here.
    """

    labels: float = 0.0
    tokens: int = 0
    apart: float = 0.0
    agreed: int = 0
    taught: int = 0
    right: int = 0
    teacher_right: int = 0
    each_label: list[Tensor] | None = None

    def take(self) -> dict[str, float]:
        """Means a token, and a new beginning."""
        found = {}
        if self.tokens:
            found["label_loss"] = self.labels / self.tokens
        if self.taught:
            found["teacher_loss"] = self.apart / self.taught
            found["agreement"] = self.agreed / self.taught
        if self.teacher_right:
            found["retention"] = self.right / self.teacher_right
        vars(self).update(vars(Parts()))
        return found


@dataclass(frozen=True)
class Teaching:
    """Loss of a token: a share for its label, the rest for the distance to the teachers.

    Attributes:
        divergence: forward_kl, reverse_kl, jensen_shannon or universal.
        temperature: At which both distributions are compared; the teachers' were kept at the same.
        label_weight: Share of the label's cross entropy.
        weights: How much each teacher counts.
        parts: Takes the loss apart for whoever watches.
    """

    divergence: str
    temperature: float
    label_weight: float
    weights: Sequence[float] = (1.0,)
    parts: Parts = field(default_factory=Parts, compare=False)

    def each(self, logits: Tensor, lesson: Lesson) -> Tensor:
        """Loss a token; the label alone where no teacher speaks. Shapes: logits (N, vocabulary) → (N,)."""
        logits = logits.float()
        apart, known = self.apart(logits, lesson)
        # Where labels do not count, the way back through them would take memory and time for zeros.
        counts = torch.is_grad_enabled() and bool(self.label_weight or not known.all())
        with torch.set_grad_enabled(counts):
            labels = functional.cross_entropy(logits, lesson.labels, reduction="none")
        self.parts.tokens += len(lesson)
        self.parts.labels += float(labels.detach().sum())
        if self.parts.each_label is not None:
            self.parts.each_label.append(labels.detach())
        self.parts.taught += int(known.sum())
        self.parts.apart += float(apart.detach()[known].sum())
        first = lesson.teachers[0]
        said = logits.detach().argmax(-1)
        self.parts.agreed += int((said == first.ids[:, 0])[first.known].sum())
        self.parts.right += int((said == lesson.labels)[first.known].sum())
        self.parts.teacher_right += int((first.ids[:, 0] == lesson.labels)[first.known].sum())
        mixed = self.label_weight * labels + (1 - self.label_weight) * apart
        return torch.where(known, mixed, labels)

    def apart(self, logits: Tensor, lesson: Lesson) -> tuple[Tensor, Tensor]:
        """Distance to the teachers by weight, and whether any of them speaks. Shapes (N,), (N,)."""
        total, weight = torch.zeros(len(lesson)), torch.zeros(len(lesson))
        for share, soft in zip(self.weights, lesson.teachers, strict=True):
            total = total + share * distance(logits, soft, self.divergence, self.temperature)
            weight = weight + share * soft.known
        known = weight > 0
        return total / weight.where(known, torch.ones(())), known


def distance(logits: Tensor, soft: Soft, divergence: str, temperature: float) -> Tensor:
    """Divergence of each token times the temperature's square, so that its gradient keeps its size.

    Shapes: logits (N, vocabulary) → (N,); zero where the teacher says nothing.
    """
    scaled = logits if temperature == 1 else logits / temperature
    if divergence == "universal":
        apart = _by_rank(torch.log_softmax(scaled, dim=-1), soft)
    else:
        absent = soft.ids == ABSENT
        ours = _seen_through(scaled, soft.ids, absent)
        # What the student cannot say belongs to the tail: there is nothing else it could be asked for.
        lost = soft.logs.masked_fill(~absent, float("-inf"))
        tail = torch.cat([soft.tail[:, None], lost], dim=1).logsumexp(1, keepdim=True)
        theirs = torch.cat([soft.logs.masked_fill(absent, float("-inf")), tail], dim=1)
        apart = _compare(theirs.clamp(min=_NEVER), ours.clamp(min=_NEVER), divergence)
    return torch.where(soft.known, apart * temperature**2, torch.zeros(()))


def _compare(theirs: Tensor, ours: Tensor, divergence: str) -> Tensor:
    if divergence == "forward_kl":
        return _kl(theirs, ours)
    if divergence == "reverse_kl":
        return _kl(ours, theirs)
    middle = torch.logaddexp(ours, theirs) - math.log(2)
    return (_kl(theirs, middle) + _kl(ours, middle)) / 2


def _kl(first: Tensor, second: Tensor) -> Tensor:
    """KL(first ‖ second) of log-probabilities along the last axis."""
    return (first.exp() * (first - second)).sum(-1)


def _seen_through(logits: Tensor, ids: Tensor, absent: Tensor) -> Tensor:
    """Log-probabilities of these tokens, then of all others. Shapes (N, V), (N, k) → (N, k + 1)."""
    if absent.any():  # a place for tokens that the student does not have
        ids = torch.where(absent, logits.shape[1], ids)
        logits = functional.pad(logits, (0, 1), value=float("-inf"))
    found: Tensor = _SeenThrough.apply(logits, ids)
    return found


class _SeenThrough(torch.autograd.Function):
    """The same with its own gradient, so that nothing as large as the logits is kept beside them.

    The way back makes one such tensor; softmax, scatter and their gradients by torch make several each.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, ids: Tensor) -> Tensor:
        """Shapes (N, V), (N, k) → (N, k + 1)."""
        others = logits.scatter(1, ids, float("-inf"))
        most = others.amax(-1, keepdim=True).clamp(min=_NEVER)
        tail = others.sub_(most).exp_().sum(-1, keepdim=True).log_().add_(most)
        parts = torch.cat([logits.gather(1, ids), tail], dim=1)
        whole = parts.logsumexp(-1, keepdim=True)
        ctx.save_for_backward(logits, ids, tail, whole)
        return parts - whole

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Each token's own gradient, or its part of the others', less its part of everything."""
        logits, ids, tail, whole = ctx.saved_tensors
        everything = grad.sum(-1, keepdim=True)
        share = (logits - whole).exp_()
        chosen = grad[:, :-1] - share.gather(1, ids) * everything
        of_others = grad[:, -1:] * (whole - tail).clamp(max=_RARE).exp()
        return share.mul_(of_others - everything).scatter_(1, ids, chosen), None


def _by_rank(student: Tensor, soft: Soft) -> Tensor:
    """Sum of the differences of probabilities, the largest with the largest, and of what is left."""
    best = torch.topk(student, soft.logs.shape[1], dim=-1).values.exp()
    theirs = soft.logs.exp()
    left = (1 - best.sum(-1)) - (1 - theirs.sum(-1))
    return (best - theirs).abs().sum(-1) + left.abs()
