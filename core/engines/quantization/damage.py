"""How far a model with rounded weights speaks from itself: KL divergence on sample rows, in nats a token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from core.engines.quantization.samples import Sample
from core.models.quantizing.plan import Algorithm, Part

#: Positions whose distributions are compared at once; each takes a whole vocabulary.
_AT_ONCE = 128
#: Rows that go through the model together; like lengths first, so that little is padded.
_BATCH = 12


class Meter:
    """Holds a model, what it says on the sample rows, and what goes into each of its layers.

    A change in layer n leaves the layers before it as they are, so a measurement repeats only the rest.

    Args:
        model: A transformers decoder in fp32.
        layers: Its blocks, in order.
        judging: The sample rows.
    """

    def __init__(self, model: Any, layers: Sequence[torch.nn.Module], judging: Sequence[Sample]) -> None:
        self._model, self._layers = model, list(layers)
        rows = sorted(judging, key=lambda sample: len(sample.ids))
        self._batches = [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)]
        self._inputs = [_padded(batch) for batch in self._batches]
        self._kept: list[list[Any]] = []
        self._truth: list[torch.Tensor] = []
        self.tokens = sum(len(sample.ids) - sample.first for sample in rows)
        self.listen()

    def listen(self) -> None:
        """Takes the model as it is now for the truth."""
        self._kept, self._truth = [], []
        for at in range(len(self._batches)):
            kept: list[Any] = []
            hooks = [
                layer.register_forward_hook(lambda _module, _given, out, kept=kept: kept.append(out))
                for layer in self._layers
            ]
            try:
                logits = self._logits(at)
            finally:
                for hook in hooks:
                    hook.remove()
            self._kept.append(kept)
            self._truth.append(torch.log_softmax(logits, -1))

    def damage(self, first: int = 0) -> float:
        """Mean KL from the truth to the model as it is now, whose layers before `first` are unchanged."""
        total = 0.0
        for at in range(len(self._batches)):
            with self._from(first, at):
                logits = self._logits(at)
            total += _divergence(self._truth[at], logits)
        return total / self.tokens

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _logits(self, at: int) -> torch.Tensor:
        """Logits of every judged position: (positions, vocabulary)."""
        ids, judged = self._inputs[at]
        first = int(judged.any(0).nonzero()[0])
        columns = torch.arange(first, ids.shape[1])
        out = self._model(input_ids=ids, use_cache=False, logits_to_keep=columns).logits
        found: torch.Tensor = out[judged[:, first:]].float()
        return found

    @contextmanager
    def _from(self, first: int, at: int) -> Iterator[None]:
        """Lets the layers before `first` answer from memory."""
        replaced = self._layers[:first]
        for number, layer in enumerate(replaced):
            kept = self._kept[at][number]
            layer.forward = lambda *_given, kept=kept, **_named: kept
        try:
            yield
        finally:
            for layer in replaced:
                del layer.forward


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


@torch.inference_mode()  # type: ignore[untyped-decorator]
def round_off(weight: torch.Tensor, part: Part, algorithm: Algorithm = "rtn") -> torch.Tensor:
    """A matrix as Olive's Rtn or KQuant stores it."""
    from olive.common.quant.utils import WeightQuantizer
    from olive.passes.pytorch.kquant import kquant_find_qparams

    quantizer = WeightQuantizer(bits=part.bits, symmetric=False, group_size=part.block)
    if algorithm == "k_quant":
        scales, zeros = kquant_find_qparams(weight, part.block, quantizer.maxq, quantizer.minq)
        found: torch.Tensor = quantizer.fake_quantize(weight, scales, zeros)
        return found
    found = quantizer.fake_quantize(weight)
    return found


@torch.inference_mode()  # type: ignore[untyped-decorator]
def error(weight: torch.Tensor, rounded: torch.Tensor) -> float:
    """Sum of squares of what rounding changed."""
    return float((weight - rounded).square().sum())
