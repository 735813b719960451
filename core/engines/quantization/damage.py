"""How far a model with rounded weights speaks from itself: KL divergence on sample rows, in nats a token.

Measured for a whole model, and estimated for all its parts at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from core.engines.quantization.samples import Sample
from core.models.quantizing.plan import Algorithm, Part

#: Positions whose distributions are compared at once; each takes a whole vocabulary.
_AT_ONCE = 128
#: Rows that go through the model together; like lengths first, so that little is padded.
_BATCH = 12
#: Answers drawn a row: each is a sample of the square that is averaged.
_DRAWS = 2


@dataclass(frozen=True)
class Estimate:
    """What is known after some rows.

    Attributes:
        rows: How many were read.
        tokens: Over how many tokens.
        sums: Of every group, over these tokens.
        dice: How the dice lie with which the next answers are drawn.
    """

    rows: int
    tokens: int
    sums: tuple[float, ...]
    dice: tuple[int, ...]

    @property
    def damages(self) -> list[float]:
        """KL in nats a token of every group."""
        return [value / self.tokens for value in self.sums]


class Meter:
    """Holds a model and what it says on the sample rows.

    Args:
        model: A transformers decoder in fp32.
        judging: The sample rows.
    """

    def __init__(self, model: Any, judging: Sequence[Sample]) -> None:
        self._model = model
        rows = sorted(judging, key=lambda sample: len(sample.ids))
        self._inputs = [_padded(rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]
        self._truth = [torch.log_softmax(self._logits(*given), -1) for given in self._inputs]
        self.tokens = sum(len(sample.ids) - sample.first for sample in rows)

    def damage(self) -> float:
        """Mean KL from what it said to the model as it is now."""
        both = zip(self._truth, self._inputs, strict=True)
        return sum(_divergence(truth, self._logits(*given)) for truth, given in both) / self.tokens

    def _logits(self, ids: torch.Tensor, judged: torch.Tensor) -> torch.Tensor:
        """Logits of every judged position: (positions, vocabulary)."""
        with torch.inference_mode():
            return _said(self._model, ids, judged)


def estimate(
    model: Any,
    weights: Mapping[str, torch.nn.Module],
    changes: Mapping[str, torch.Tensor],
    groups: Sequence[Sequence[str]],
    measuring: Sequence[Sample],
    before: Estimate | None = None,
) -> Iterator[Estimate]:
    """KL in nats a token when one group of matrices alone is changed, for all groups at once.

    To second order, a small change of weights costs half the expected square of its product with the gradient
    of the log-probability of what the model itself would say (the Fisher information). One pass back a row
    serves every group, where measuring each alone would take a pass a group.

    Args:
        model: A transformers decoder in fp32.
        weights: The layers whose matrices change.
        changes: What is added to each matrix.
        groups: Names that change together.
        measuring: The sample rows.
        before: What is known of the first of these rows already.

    Yields:
        The estimates so far, after every row.
    """
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for name in changes:
        weights[name].weight.requires_grad_(True)
    dice = torch.Generator().manual_seed(0)
    known = before or Estimate(0, 0, (0.0,) * len(groups), tuple(dice.get_state().tolist()))
    dice.set_state(torch.tensor(known.dice, dtype=torch.uint8))
    found, tokens = list(known.sums), known.tokens
    for row, sample in enumerate(measuring[known.rows :], known.rows):
        logs = torch.log_softmax(_said(model, *_padded([sample])), -1)
        tokens += len(logs)
        for draw in range(_DRAWS):
            spoken = torch.multinomial(logs.detach().exp(), 1, generator=dice)
            logs.gather(-1, spoken).sum().backward(retain_graph=draw + 1 < _DRAWS)
            for at, names in enumerate(groups):
                products = (
                    torch.vdot(_flat(weights[name].weight.grad), _flat(changes[name])) for name in names
                )
                found[at] += float(sum(products)) ** 2 / 2 / _DRAWS
            model.zero_grad(set_to_none=True)
        yield Estimate(row + 1, tokens, tuple(found), tuple(dice.get_state().tolist()))
    for name in changes:
        weights[name].weight.requires_grad_(False)


def _flat(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.reshape(-1).float()


def _said(model: Any, ids: torch.Tensor, judged: torch.Tensor) -> torch.Tensor:
    """Logits of every judged position."""
    first = int(judged.any(0).nonzero()[0])
    out = model(input_ids=ids, use_cache=False, logits_to_keep=torch.arange(first, ids.shape[1])).logits
    found: torch.Tensor = out[judged[:, first:]].float()
    return found


def _padded(batch: Sequence[Sample]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (rows, longest), padded on the right where causal attention never looks; and which positions count.

    A position counts when the token after it is one of the row's own.
    """
    longest = max(len(sample.ids) for sample in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    judged = torch.zeros((len(batch), longest), dtype=torch.bool)
    for at, sample in enumerate(batch):
        ids[at, : len(sample.ids)] = torch.tensor(sample.ids)
        judged[at, sample.first - 1 : len(sample.ids) - 1] = True
    return ids, judged


def _divergence(truth: torch.Tensor, logits: torch.Tensor) -> float:
    total = 0.0
    for start in range(0, len(truth), _AT_ONCE):
        wanted = truth[start : start + _AT_ONCE]
        said = torch.log_softmax(logits[start : start + _AT_ONCE], -1)
        total += float((wanted.exp() * (wanted - said)).sum())
    return total


@contextmanager
def rounded_as(weights: Mapping[str, torch.nn.Module], changed: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """The model with some weights changed, for a while."""
    before = {name: weights[name].weight.data for name in changed}
    for name, matrix in changed.items():
        weights[name].weight.data = matrix.to(before[name].dtype)
    try:
        yield
    finally:
        for name, matrix in before.items():
            weights[name].weight.data = matrix


def round_off(weight: torch.Tensor, part: Part, algorithm: Algorithm = "rtn") -> torch.Tensor:
    """A matrix as Olive's Rtn or KQuant stores it, or HQQ."""
    from olive.common.quant.utils import WeightQuantizer
    from olive.passes.pytorch.kquant import kquant_find_qparams

    quantizer = WeightQuantizer(bits=part.bits, symmetric=False, group_size=part.block)
    with torch.inference_mode():
        if algorithm == "k_quant":
            scales, zeros = kquant_find_qparams(weight, part.block, quantizer.maxq, quantizer.minq)
        elif algorithm == "hqq":
            from core.engines.quantization import hqq

            scales, zeros = hqq.steps(weight, quantizer)
        else:
            scales, zeros = quantizer.find_qparams(weight)
        found: torch.Tensor = quantizer.fake_quantize(weight, scales, zeros)
    return found
