"""GPTQ (Frantar et al. 2023), layer by layer: later columns of a matrix make up for what earlier ones lost.

Olive prepares and packs. The numbers are found here, because its pass cannot go on where it was killed and
says nothing while it works, and because it gathers the same inputs once for each matrix that reads them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from olive.common.quant.utils import WeightQuantizer
from olive.passes.pytorch import gptq, quant_utils
from torch import Tensor, nn

from core.engines.keeping import Kept

#: What is added to the diagonal, as a share of its mean, so that it can be inverted; more if it must.
_DAMPING = (0.01, 0.1, 1.0)
#: Tokens whose products are summed at once.
_AT_ONCE = 4096
#: Bits that lose so little that nothing is to be made up for. Where few rows read a wide matrix, what moves
#: outweighs what was lost: a row of 8 bits lay 9 % from its source, which the receipt takes for another one.
_FINE = 8
#: How far a row may be led away, as a share of its length; to the nearest of 4 bits it goes 0.1 to 0.2.
_FAR = 0.5
_Rounded: TypeAlias = tuple[Tensor, Tensor, Tensor]


class Layers:
    """The layers that are rounded so far, and who hears of it.

    Args:
        kept: Where they are kept.
        name: Of the plan, the rows and the model that they belong to.
        tell: Told after every layer how many of how many are done; may raise to end it.
    """

    def __init__(self, kept: Kept, name: str, tell: Callable[[int, int], None]) -> None:
        self._kept, self._name = kept, name
        self.tell = tell

    def has(self, number: int) -> bool:
        """Whether a layer was rounded before."""
        return self._kept.has(self._place(number))

    def find(self, number: int) -> dict[str, Tensor] | None:
        """Its numbers, scales and zero points."""
        return self._kept.tensors(self._place(number))

    def keep(self, number: int, tensors: dict[str, Tensor]) -> None:
        """Keeps a layer that was rounded."""
        self._kept.put_tensors(self._place(number), tensors)

    def _place(self, number: int) -> str:
        return f"gptq-{self._name}-{number:04}"


class GptqByLayers(gptq.Gptq):
    """Olive's pass, with other insides."""

    layers: Layers | None = None

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _run_for_config(self, model: Any, config: Any, output_model_path: str) -> Any:
        """Prepares, rounds layer by layer, packs and writes."""
        wrapper, settings, _ = quant_utils.prepare_model(model, config)
        before, wrapper.model.config.use_cache = wrapper.model.config.use_cache, False
        layers = list(wrapper.get_layers(return_name=False))
        known = [self.layers is not None and self.layers.has(number) for number in range(len(layers))]
        last = max((number for number, there in enumerate(known) if not there), default=-1)
        kinds = list(getattr(wrapper.config, "layer_types", None) or [""] * len(layers))
        hidden: Any = []
        given: dict[str, _Beside] = {}
        if last >= 0:
            rows = quant_utils.get_calibration_dataset(model, config.data_config)
            hidden, given = _beginnings(wrapper.model, layers, kinds, rows)
        for number, layer in enumerate(layers):
            beside = given.get(kinds[number], _Beside())
            matrices = {
                name: module for name, module in layer.named_modules() if hasattr(module, "quant_info")
            }
            stored = self.layers.find(number) if self.layers is not None and known[number] else None
            if stored is None:
                inputs = _Inputs(matrices)
                with inputs:
                    quant_utils.run_layer(layer, hidden, beside.given, beside.named)
                stored = _round(matrices, inputs)
                if self.layers is not None:
                    self.layers.keep(number, stored)
            _put(matrices, stored)
            if number < last:
                hidden = quant_utils.run_layer(layer, hidden, beside.given, beside.named, return_output=True)
            if self.layers is not None:
                self.layers.tell(number + 1, len(layers))
        wrapper.model.config.use_cache = before
        return quant_utils.finalize(model, output_model_path, wrapper, settings, "cpu")


@dataclass
class _Beside:
    """What a kind of layer is given beside the hidden states, row by row."""

    given: list[tuple[Any, ...]] = field(default_factory=list)
    named: list[dict[str, Any]] = field(default_factory=list)


class _Enough(Exception):
    """The last layer that had to be seen was reached."""


def _beginnings(
    model: nn.Module, layers: Sequence[nn.Module], kinds: Sequence[str], rows: Sequence[Mapping[str, Tensor]]
) -> tuple[list[Tensor], dict[str, _Beside]]:
    """What the first layer reads of every row, and what each kind of layer is given beside it.

    Gemma 3 turns positions and looks back in two ways; Olive would give all layers what the first is given.
    """
    hidden: list[Tensor] = []
    found = {kind: _Beside() for kind in kinds}
    firsts = {kinds.index(kind): kind for kind in found}

    def listener(number: int) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
        def take(_layer: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            others = dict(named)
            state, *more = given or (others.pop("hidden_states"),)
            if number == 0:
                hidden.append(state)
            found[firsts[number]].given.append(tuple(more))
            found[firsts[number]].named.append(others)
            if number == max(firsts):
                raise _Enough

        return take

    handles = [layers[at].register_forward_pre_hook(listener(at), with_kwargs=True) for at in firsts]
    try:
        for row in rows:
            with contextlib.suppress(_Enough):
                model(**row)
    finally:
        for handle in handles:
            handle.remove()
    return hidden, found


class _Inputs:
    """What the matrices of a layer read: the sum of products of every two columns, once for each input.

    Query, key and value read the same tensor, and so do gate and up.

    Args:
        matrices: By name.
    """

    def __init__(self, matrices: Mapping[str, nn.Module]) -> None:
        self._matrices = matrices
        self.shared: dict[str, str] = {}
        self._first: dict[str, Tensor] = {}
        self._waiting: dict[str, list[Tensor]] = {}
        self._sums: dict[str, Tensor] = {}

    def __enter__(self) -> None:
        self._handles = [
            module.register_forward_pre_hook(self._listener(name)) for name, module in self._matrices.items()
        ]

    def __exit__(self, *_error: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._first.clear()

    def _listener(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def take(_module: nn.Module, given: tuple[Tensor, ...]) -> None:
            tensor = given[0]
            if name not in self.shared:  # the first rows tell who reads the same
                same = (other for other, seen in self._first.items() if seen is tensor)
                self.shared[name] = next(same, name)
                self._first[name] = tensor
            if self.shared[name] == name:
                self._add(name, tensor)

        return take

    def _add(self, name: str, tensor: Tensor) -> None:
        waiting = self._waiting.setdefault(name, [])
        waiting.append(tensor.reshape(-1, tensor.shape[-1]).float())
        if sum(map(len, waiting)) >= _AT_ONCE:
            self._sum(name)

    def _sum(self, name: str) -> Tensor:
        rows = torch.cat(self._waiting.pop(name)) if name in self._waiting else None
        if name not in self._sums:
            assert rows is not None
            self._sums[name] = rows.t() @ rows
        elif rows is not None:
            self._sums[name].addmm_(rows.t(), rows)
        return self._sums[name]

    def products(self, name: str) -> Tensor:
        """Of the input that a matrix reads: (columns, columns)."""
        return self._sum(self.shared[name])


def _round(matrices: Mapping[str, Any], inputs: _Inputs) -> dict[str, Tensor]:
    """Numbers, scales and zero points of every matrix; those that read and are stored alike at once."""
    alike: dict[tuple[str, int, int], list[str]] = {}
    for name, module in matrices.items():
        quantizer = module.quant_info.quantizer
        alike.setdefault((inputs.shared[name], quantizer.bits, quantizer.group_size), []).append(name)
    inverses: dict[str, Tensor] = {}
    found: dict[str, Tensor] = {}
    for (source, bits, block), names in alike.items():
        weight = torch.cat([matrices[name].weight.data.float() for name in names])
        rows = [matrices[name].weight.shape[0] for name in names]
        if bits == _FINE:
            rounded = nearest(weight, bits, block)
        else:
            if source not in inverses:
                inverses[source] = _inverse(inputs.products(source))
            rounded = kept_near(weight, compensate(weight, inverses[source], bits, block), bits, block)
        for name, levels, scales, zeros in zip(names, *(part.split(rows) for part in rounded), strict=True):
            found |= {f"{name}.levels": levels, f"{name}.scales": scales, f"{name}.zeros": zeros}
    return {name: part.clone() for name, part in found.items()}


def _inverse(products: Tensor) -> Tensor:
    """Upper Cholesky factor of the inverse. A column that no row uses stands for itself."""
    diagonal = products.diagonal()
    unused = diagonal == 0
    for share in _DAMPING:
        damped = products.clone()
        damped.diagonal()[unused] = 1.0
        damped.diagonal().add_(share * diagonal.mean())
        factor, failed = torch.linalg.cholesky_ex(damped)
        if not failed:
            upper, failed = torch.linalg.cholesky_ex(torch.cholesky_inverse(factor), upper=True)
            if not failed:
                found: Tensor = upper
                return found
    return torch.eye(len(products))  # nothing is made up for


def nearest(weight: Tensor, bits: int, block: int) -> _Rounded:
    """Rounds each number by itself. Shapes as those of `compensate`."""
    quantizer = WeightQuantizer(bits=bits, symmetric=False, group_size=block)
    steps, zeros = quantizer.find_qparams(weight)
    levels = quantizer.quantize(weight, steps, zeros)
    return levels.to(torch.uint8), steps, zeros.to(torch.uint8)


def compensate(weight: Tensor, inverse: Tensor, bits: int, block: int) -> _Rounded:
    """Rounds column after column, and moves what each lost to those after it.

    A block's steps are found when its turn comes, from what was moved into it until then.

    Args:
        weight: (rows, columns).
        inverse: Upper Cholesky factor of the inverse of the inputs' products.
        bits: Of a number.
        block: Columns that share a step.

    Returns:
        Numbers (rows, columns) of type uint8, steps (rows, blocks), zero points (rows, blocks) of type uint8.
    """
    quantizer = WeightQuantizer(bits=bits, symmetric=False, group_size=-1)
    left = weight.t().contiguous()  # a column's numbers lie together
    columns, rows = left.shape
    levels = torch.empty((columns, rows), dtype=torch.uint8)
    scales, zeros = [], []
    lost = torch.empty((block, rows))
    for start in range(0, columns, block):
        end = start + block
        step, zero = quantizer.find_qparams(left[start:end].t())
        scales.append(step)
        zeros.append(zero.to(torch.uint8))
        step, zero = step.reshape(-1), zero.reshape(-1).float()
        for at in range(start, end):
            column = left[at]
            level = (column / step + zero).round_().clamp_(quantizer.minq, quantizer.maxq)
            levels[at] = level
            away = lost[at - start]
            torch.sub(column, (level - zero) * step, out=away)
            away /= inverse[at, at]
            left[at + 1 : end].addr_(inverse[at, at + 1 : end], away, alpha=-1)
        left[end:].addmm_(inverse[start:end, end:].t(), lost, alpha=-1)
    return levels.t().contiguous(), torch.cat(scales, 1), torch.cat(zeros, 1)


def kept_near(weight: Tensor, rounded: _Rounded, bits: int, block: int) -> _Rounded:
    """Rounds those rows to the nearest that compensating has led far away from what they were.

    What is lost can be moved on and grow where few inputs are large: of an untaught 135M model, on shipped
    texts, one row of 17,280 ended 1.2 of its length away. That suits the texts seen and no others.
    """
    levels, steps, zeros = rounded
    blocks = levels.float().reshape(len(weight), -1, block)
    values = ((blocks - zeros.float()[..., None]) * steps[..., None]).reshape_as(weight)
    far = (values - weight).norm(dim=1) > _FAR * weight.norm(dim=1)
    if far.any():
        for part, plain in zip(rounded, nearest(weight[far], bits, block), strict=True):
            part[far] = plain
    return rounded


def _put(matrices: Mapping[str, Any], stored: Mapping[str, Tensor]) -> None:
    """Lets a layer compute, and later be packed, with its rounded numbers."""
    for name, module in matrices.items():
        levels, scales, zeros = (stored[f"{name}.{part}"] for part in ("levels", "scales", "zeros"))
        info = module.quant_info
        info.scales, info.zero_points = scales, zeros.to(torch.int32)
        whole = info.quantizer.dequantize(levels.to(torch.int32), info.scales, info.zero_points)
        module.weight.data = whole.to(module.weight.dtype)
