"""AWQ (Lin et al. 2023): what large inputs meet is made large before it is rounded, so that it loses less.

Every matrix that reads a norm or another matrix gets a scale for each of its inputs, searched on sample rows
by the error of what it gives, and what comes before is divided by it. The model computes what it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.engines import merging
from core.engines.quantization import damage, parting
from core.engines.quantization.folding import Folds
from core.errors import InputError
from core.models.quantizing.plan import Part, Plan

#: Powers of an input's mean size that are tried as its scale; none is taken where plain rounding errs least.
_RATIOS = tuple(at / 20 for at in range(1, 20))
#: Inputs on which the error is measured, drawn evenly from all rows; sizes are averaged over all tokens.
_TOKENS = 512
#: Highest change of a log-probability that moving scales may bring; in fp32 it brings 1e-4 and less.
_SAME = 0.02


@dataclass(frozen=True)
class Seam:
    """A place where scales can be moved.

    Attributes:
        before: The norm or matrix that gives.
        start: The first of its outputs that is read here.
        after: The matrices that read.
        heads: Query heads that read the same values, one after another.
        size: Numbers a head; counts only with several heads.
    """

    before: str
    start: int
    after: tuple[str, ...]
    heads: int = 1
    size: int = 1


def scale(source: Path, folder: Path, plan: Plan, calibrating: Sequence[Sequence[int]]) -> Folds:
    """Searches the scales and writes the model with them, not rounded yet.

    Args:
        source: The model in full precision.
        folder: An empty folder.
        plan: What every matrix gets; what keeps 8 bits needs no scales.
        calibrating: Token ids of sample rows.

    Returns:
        What was moved.

    Raises:
        InputError: Scales cannot be moved in this family.
    """
    model = merging.load(source).eval()
    modules = dict(model.named_modules())
    places = [
        seam
        for layer in _layers(plan)
        for seam in seams(modules, layer, model.config)
        if any(plan.matrices[name].bits == 4 for name in seam.after)
    ]
    columns: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    for seam, inputs in zip(places, _hear(model, modules, places, calibrating), strict=True):
        weights = {name: modules[name].weight.data for name in seam.after}
        found = best(weights, plan.matrices, *inputs, seam)
        if found is None:
            continue
        given, read = found
        whole = torch.ones(modules[seam.before].weight.shape[0])
        whole[seam.start : seam.start + len(given)] = given
        rows[seam.before] = whole.numpy()
        columns |= dict.fromkeys(seam.after, read.numpy())
    folds = Folds(columns, rows, _offset(modules[f"{_layers(plan)[0]}.input_layernorm"]))
    before = _said(model, calibrating)
    put_in(model, folds)
    if float((_said(model, calibrating) - before).abs().max()) > _SAME:
        raise _unknown(model.config, "the model no longer says what it said once they are moved")
    model.save_pretrained(folder)
    merging.copy_tokenizer((source,), folder)
    return folds


def _layers(plan: Plan) -> list[str]:
    """Paths of the layers, in order."""
    return list(dict.fromkeys(name.rsplit(".", 2)[0] for name in plan.matrices))


def seams(modules: Mapping[str, nn.Module], layer: str, config: Any) -> list[Seam]:
    """The places of a layer: norm to query, key, value; value to output; norm to gate and up; up to down.

    Raises:
        InputError: The layer is built otherwise.
    """

    def all_of(*names: str) -> tuple[str, ...]:
        found = tuple(f"{layer}.{name}" for name in names)
        return found if all(name in modules for name in found) else ()

    asks = all_of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj") or all_of("self_attn.qkv_proj")
    gates = all_of("mlp.gate_proj", "mlp.up_proj") or all_of("mlp.gate_up_proj")
    norms = (
        all_of("input_layernorm"),
        all_of("pre_feedforward_layernorm") or all_of("post_attention_layernorm"),
    )
    ends = all_of("self_attn.o_proj"), all_of("mlp.down_proj")
    if not (asks and gates and all(norms) and all(ends)):
        raise _unknown(config, f"{layer} is not made of the norms and matrices that scales are moved between")
    values, ups = _start(asks[-1], modules, config), _start(gates[-1], modules, config)
    read = modules[ends[0][0]].weight.shape[1]
    heads = read // (len(modules[asks[-1]].weight) - values)
    return [
        Seam(norms[0][0], 0, asks),
        Seam(asks[-1], values, ends[0], heads, read // int(config.num_attention_heads)),
        Seam(norms[1][0], 0, gates),
        Seam(gates[-1], ups, ends[1]),
    ]


def _start(place: str, modules: Mapping[str, Any], config: Any) -> int:
    """Where the last part of a joined matrix begins; 0 for one that is not joined."""
    joined = place.rpartition(".")[2]
    if joined not in parting.JOINED:
        return 0
    return sum(parting.rows(config.to_dict(), joined, len(modules[place].weight))[:-1])


@dataclass
class Inputs:
    """What a matrix reads on the sample rows.

    Attributes:
        share: How many tokens of a row are kept.
        kept: Those: (tokens, in) a row.
        total: Sum of the sizes of all: (in,).
        tokens: How many.
    """

    share: int
    kept: list[Tensor] = field(default_factory=list)
    total: Tensor = field(default_factory=lambda: torch.zeros(()))
    tokens: int = 0

    def hear(self, _module: nn.Module, given: tuple[Tensor, ...]) -> None:
        """Hook of a matrix; the same tokens of a row are kept everywhere."""
        read = given[0][0]
        dice = torch.Generator().manual_seed(len(read))
        self.kept.append(read[torch.randperm(len(read), generator=dice)[: self.share]].clone())
        self.total = self.total + read.abs().sum(0)
        self.tokens += len(read)


def _hear(
    model: Any, modules: Mapping[str, nn.Module], places: Sequence[Seam], rows: Sequence[Sequence[int]]
) -> list[tuple[Tensor, Tensor]]:
    """Mean size of each input of each place, and some inputs: (in,) and (tokens, in)."""
    heard = [Inputs(-(-_TOKENS // len(rows))) for _ in places]
    hooks = [
        modules[seam.after[0]].register_forward_pre_hook(inputs.hear)
        for seam, inputs in zip(places, heard, strict=True)
    ]
    with torch.inference_mode():
        for row in rows:
            model(input_ids=torch.tensor([list(row)]), use_cache=False, logits_to_keep=1)
    for hook in hooks:
        hook.remove()
    return [(inputs.total / max(1, inputs.tokens), torch.cat(inputs.kept)) for inputs in heard]


def best(
    weights: Mapping[str, Tensor], parts: Mapping[str, Part], mean: Tensor, kept: Tensor, seam: Seam
) -> tuple[Tensor, Tensor] | None:
    """Scales of what is given and of what is read; None where rounding as it is errs least.

    Args:
        weights: The matrices that read.
        parts: How they are stored.
        mean: Mean size of each input.
        kept: Some inputs: (tokens, in).
        seam: Where this is.
    """
    by_head = mean.reshape(-1, seam.heads, seam.size) if seam.heads > 1 else mean[:, None]
    given = by_head.mean(1)
    given = given.clamp(min=1e-4 * float(given.max()))
    found, least = None, _error(weights, parts, kept, torch.ones_like(mean))
    for ratio in _RATIOS:
        tried = given**ratio
        tried = tried / (tried.max() * tried.min()).sqrt()
        read = tried[:, None].expand_as(by_head).reshape(-1)
        if (error := _error(weights, parts, kept, read)) < least:
            found, least = (tried.reshape(-1), read), error
    return found


def _error(weights: Mapping[str, Tensor], parts: Mapping[str, Part], kept: Tensor, scales: Tensor) -> float:
    """Squares by which the rounded matrices give something else."""
    total = 0.0
    for name, weight in weights.items():
        away = damage.round_off(weight * scales, parts[name]) / scales - weight
        total += float((kept @ away.T).square().sum())
    return total


def put_in(model: Any, folds: Folds) -> None:
    """The model with the scales in its weights."""
    for name, parameter in model.named_parameters():
        place = name.rpartition(".")[0]
        if place in folds.columns or place in folds.rows:
            parameter.data = torch.from_numpy(folds.apply(name, parameter.detach().numpy()))


def _offset(norm: Any) -> float:
    """What a norm adds to its weight: with a weight of zeros it shows."""
    kept, some = norm.weight.data, torch.linspace(-1, 2, len(norm.weight))
    norm.weight.data = torch.zeros_like(kept)
    with torch.inference_mode():
        out = norm(some)
    norm.weight.data = kept
    bias = getattr(norm, "bias", None)
    return float((out if bias is None else out - bias).abs().max() > 1e-6)


def _said(model: Any, rows: Sequence[Sequence[int]]) -> Tensor:
    """Log-probabilities on a sample row."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([list(rows[0])]), use_cache=False).logits
    return torch.log_softmax(logits.float(), -1)


def _unknown(config: Any, why: str) -> InputError:
    return InputError(
        f"AWQ cannot round this {config.model_type}.",
        why=f"Here {why}.",
        fix="Take int4-gptq, which reads your rows as well, or int4-kquant.",
        code="quantize.awq",
    )
