"""Mends a rounded model by a short distillation from itself unrounded, with the rounding in the loop.

Every step computes with rounded weights and changes the unrounded ones (straight-through estimator, Bengio
et al. 2013), towards what the unrounded model says on the same rows (LLM-QAT, Liu et al. 2023). Rounding is
to the nearest step, which is cheap enough for every step and gives the same numbers when done for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from core.engines import merging
from core.engines.quantization import damage
from core.engines.quantization.damage import Meter
from core.engines.quantization.samples import Sample
from core.engines.training import precision
from core.models.fit import machine
from core.models.quantizing.plan import Part, Plan

_RATE = 2e-5
_WARM_UP = 0.1
_ROWS = 8
#: Entries of the source's distribution that are kept; all others are one sum.
_TOP_K = 48


@dataclass(frozen=True)
class Healed:
    """What came of it.

    Attributes:
        plan: How the mended weights are to be rounded.
        before: KL of the merely rounded model against its source, on rows that did not teach.
        after: The same once it is mended.
        folder: The mended weights, unrounded.
    """

    plan: Plan
    before: float
    after: float
    folder: Path


class Rounded(nn.Module):
    """A weight as it will be stored, with the gradient of the unrounded one.

    Args:
        part: How it is stored.
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._most, self._block = float(2**part.bits - 1), part.block

    def forward(self, weight: Tensor) -> Tensor:
        """Shape (out, in) to the same."""
        with torch.no_grad():
            blocks = weight.reshape(weight.shape[0], -1, self._block)
            low = blocks.amin(-1, keepdim=True).clamp(max=0)
            high = blocks.amax(-1, keepdim=True).clamp(min=0)
            scale = (high - low) / self._most
            scale = torch.where(scale > 0, scale, torch.ones_like(scale))
            zero = (-low / scale).round().clamp(0, self._most)
            away = ((blocks / scale + zero).round().clamp(0, self._most) - zero) * scale - blocks
        return weight + away.reshape(weight.shape)


def heal(
    source: Path,
    folder: Path,
    plan: Plan,
    teaching: Sequence[Sequence[int]],
    judging: Sequence[Sample],
    steps: int,
    tell: Callable[[int, float], None],
    merely: Mapping[str, Tensor] | None = None,
) -> Healed:
    """Mends, measures what it brought, and writes the mended weights.

    Args:
        source: The model in full precision.
        folder: An empty folder.
        plan: What every matrix gets.
        teaching: Token ids of the rows it learns from.
        judging: Rows that measure the gain; none of them teaches.
        steps: How many.
        tell: Told of every step and its loss; may raise to end it.
        merely: The matrices as they would be stored without mending; None where the plan's algorithm needs
            no rows, and is asked here.
    """
    model = merging.load(source).eval()
    modules = dict(model.named_modules())
    meter = Meter(model, judging)
    rows = list(_batches(teaching, steps))
    said = {at: _coarse(model, batch) for at, batch in enumerate(rows)}
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    learnt = []
    merely = merely or {
        name: damage.round_off(modules[name].weight.data, part, plan.algorithm)
        for name, part in plan.matrices.items()
    }
    with damage.rounded_as(modules, merely):
        before = meter.damage()
    del merely
    for name, part in plan.matrices.items():
        parametrize.register_parametrization(modules[name], "weight", Rounded(part))
        weight = modules[name].parametrizations["weight"].original
        learnt.append(weight.requires_grad_(True))
    fast = machine.has_fast_bf16()
    adam = torch.optim.AdamW(learnt, lr=_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    for step, batch in enumerate(rows):
        for group in adam.param_groups:
            group["lr"] = _RATE * _share(step, steps)
        with precision.products(bf16=fast):
            loss = _loss(model, batch, said.pop(step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        tell(step + 1, float(loss.detach()))
    del adam
    with torch.no_grad():
        after = meter.damage()
    for name in plan.matrices:
        parametrize.remove_parametrizations(modules[name], "weight", leave_parametrized=False)
        modules[name].weight.requires_grad_(False)
    model.save_pretrained(folder)
    merging.copy_tokenizer((source,), folder)
    return Healed(plan.model_copy(update={"algorithm": "rtn"}), before, after, folder)


def _share(step: int, steps: int) -> float:
    """Of the rate: up over the first tenth, then down to nothing."""
    warm = max(1, round(_WARM_UP * steps))
    return min((step + 1) / warm, (steps - step) / max(1, steps - warm))


def _batches(teaching: Sequence[Sequence[int]], steps: int) -> Iterator[list[Sequence[int]]]:
    """Rows of like length together, round after round."""
    order = sorted(teaching, key=len)
    groups = [order[at : at + _ROWS] for at in range(0, len(order), _ROWS)]
    mixed = torch.Generator().manual_seed(0)
    made = 0
    while made < steps:
        for at in torch.randperm(len(groups), generator=mixed).tolist()[: steps - made]:
            made += 1
            yield groups[at]


def _padded(batch: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids (rows, longest), padded on the right, and which positions are a row's own but for the last."""
    longest = max(map(len, batch))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in batch])
    inside = torch.tensor([[at < len(row) - 1 for at in range(longest)] for row in batch])
    return ids, inside


def _coarse(model: Any, batch: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Likeliest tokens (positions, k) and their log-probabilities, with the rest as one more."""
    ids, inside = _padded(batch)
    with torch.no_grad():  # autograd keeps what is made here, which it could not after inference_mode
        logs = torch.log_softmax(model(input_ids=ids, use_cache=False).logits[inside].float(), -1)
    top, tokens = logs.topk(min(_TOP_K, logs.shape[1] - 1))
    rest = (1 - top.exp().sum(-1, keepdim=True)).clamp(min=1e-7).log()
    return tokens, torch.cat([top, rest], -1)


def _loss(model: Any, batch: Sequence[Sequence[int]], said: tuple[Tensor, Tensor]) -> Tensor:
    """KL from the source's coarse distribution to the student's, in nats a token."""
    ids, inside = _padded(batch)
    tokens, wanted = said
    logs = torch.log_softmax(model(input_ids=ids, use_cache=False).logits[inside].float(), -1)
    own = logs.gather(-1, tokens)
    rest = torch.log((1 - own.exp().sum(-1, keepdim=True)).clamp(min=1e-7))
    found: Tensor = (wanted.exp() * (wanted - torch.cat([own, rest], -1))).sum(-1).mean()
    return found
