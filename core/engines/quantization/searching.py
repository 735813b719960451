"""Chooses bits by what they cost: measures each part's damage, packs a limit, checks the whole.

A part's damage is the KL divergence from the source when it alone is rounded to 4 bits, on sample rows,
estimated for all parts at once. Damages of single parts nearly add up, so the best mixture under a limit is a
knapsack. What is chosen is then measured as a whole, mended by a few swaps, and measured again with KQuant's
steps and with GPTQ, which makes up for its losses on other rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.engines import merging
from core.engines.quantization import damage, rounding, samples
from core.engines.quantization.damage import Meter
from core.errors import InputError
from core.models.quantizing import knapsack, plan, sizes
from core.models.quantizing.knapsack import Choice
from core.models.quantizing.plan import Part, Plan
from core.models.quantizing.recipes import RECIPES
from core.models.quantizing.sensitivity import Sensitivity, Tried, Unit

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: The fixed recipe that the search has to beat, and whose size it keeps to when no limit is set.
YARDSTICK = "int4-edges"
_USUAL = Part(bits=4, block=32)
#: 8 bits have 17 times finer steps than 4, so rounding to them changes 1/289 of the squares.
_EIGHT = 1 / 289
_SWAPS = 6
#: How often the estimates are told while they become more exact.
_LOOKS = 6
#: Bytes that `sensitivity.json` takes for a group.
_SAID_A_GROUP = 300


@dataclass(frozen=True)
class Group:
    """Matrices of a layer that are stored alike.

    Attributes:
        layer: Number of the layer.
        group: One of `plan.GROUPS`, or the last part of a name that belongs to none.
        names: The matrices.
        options: Parts it may get, the usual one first.
    """

    layer: int
    group: str
    names: tuple[str, ...]
    options: tuple[Part, ...]


@dataclass(frozen=True)
class Found:
    """What the search chose."""

    plan: Plan
    report: Sensitivity


class Search:
    """One model, its sample rows, and the plans that were measured.

    Args:
        folder: The whole model in full precision.
        sizes: Sizes of its matrices.
        data: Data set's folder, or None.
        limit: Bytes that the result may have; None keeps to the size of the yardstick.
        job: Its run.
    """

    def __init__(
        self, folder: Path, found: sizes.Matrices, data: Path | None, limit: int | None, job: JobContext
    ) -> None:
        self.groups = groups_of(found)
        found = replace(found, beside=found.beside + _SAID_A_GROUP * (len(self.groups) + 20))
        self._folder, self._found, self._job = folder, found, job
        self.yardstick = RECIPES[YARDSTICK].planned(found, "k_quant")
        self.limit = limit or sizes.folder_bytes(found, self.yardstick)
        _require_room(found, self.groups, self.limit)
        tokenizer: Any = _tokenizer(folder)
        self.samples = samples.draw(tokenizer, data)
        self._model = merging.load(folder).eval()
        modules = dict(self._model.named_modules())
        self._weights: dict[str, torch.nn.Module] = {name: modules[name] for name in found.layers}
        self._meter = Meter(self._model, self.samples.judging)
        self._costs: list[dict[Part, float]] = []
        self._head: dict[Part, float] = {}
        self.damages: list[float] = []
        self.tried: list[Tried] = []
        self._plans: list[Plan] = []

    def measure(self) -> None:
        """Estimates what every group costs when it alone is rounded, and measures the output layer."""
        job, rows = self._job, self.samples.measuring
        job.phase("measuring", total=len(rows) + 1, unit="rows")
        names = [name for group in self.groups for name in group.names]
        changes, shares = {}, dict.fromkeys(names, 0.0)
        for group in self.groups:
            for name in group.names:
                weight = self._weights[name].weight.data
                change = damage.round_off(weight, _usual(group)) - weight
                changes[name] = change.clone().bfloat16()
                shares[name] = float(change.square().sum())
        parts = [group.names for group in self.groups]
        every = max(1, len(rows) // _LOOKS)
        for done, found in enumerate(damage.estimate(self._model, self._weights, changes, parts, rows), 1):
            self.damages = found
            if done % every == 0 or done == len(rows):
                self._say()
            job.progress(done)
            job.check_cancelled()
        self._costs = [
            self._options(group, cost, shares) for group, cost in zip(self.groups, self.damages, strict=True)
        ]
        self._head = self._measured_head()
        job.progress(len(rows) + 1)

    def _say(self) -> None:
        for group, cost in zip(self.groups, self.damages, strict=True):
            self._job.emit(
                "damage", layer=group.layer, group=group.group, value=cost, weights=self._weights_of(group),
                layers=self._found.count,
            )  # fmt: skip

    def _options(self, group: Group, cost: float, shares: Mapping[str, float]) -> dict[Part, float]:
        """Damage by option: by how much more or less each changes than the usual one."""
        usual = _usual(group)
        costs = {}
        for part in group.options:
            share = 1.0 if part == usual else _EIGHT
            if part != usual and part.bits == usual.bits:
                changed = 0.0
                for name in group.names:
                    weight = self._weights[name].weight.data
                    changed += float((damage.round_off(weight, part) - weight).square().sum())
                share = changed / max(sum(shares[name] for name in group.names), 1e-30)
            costs[part] = cost * share
        return costs

    def _measured_head(self) -> dict[Part, float]:
        head = self._model.get_output_embeddings()
        four, eight = _head_options(self._found)
        with damage.rounded_as({"head": head}, {"head": damage.round_off(head.weight.data, four)}):
            if self._found.tied:
                embedding = self._model.get_input_embeddings()
                with damage.rounded_as({"in": embedding}, {"in": head.weight.data}):
                    measured = self._meter.damage()
            else:
                measured = self._meter.damage()
        return {four: max(measured, 0.0), eight: max(measured, 0.0) * _EIGHT}

    def choose(self, work: Path) -> Found:
        """Packs, mends, tries GPTQ, and takes what is nearest to the source."""
        job = self._job
        job.phase("choosing", total=4 + _SWAPS, unit="plans")
        self._try(YARDSTICK, self.yardstick)
        job.progress(1)
        packed = self.packed(self.limit)
        best, least = packed, self._try("packed", packed)
        job.progress(2)
        for done, swapped in enumerate(self._swaps(packed), start=1):
            job.check_cancelled()
            if (kl := self._try(f"swap {done}", swapped)) < least:
                best, least = swapped, kl
            job.progress(2 + done)
        job.check_cancelled()
        self._try("with KQuant", best.model_copy(update={"algorithm": "k_quant"}))
        job.progress(3 + _SWAPS)
        job.check_cancelled()
        self._try("with GPTQ", best.model_copy(update={"algorithm": "gptq"}), work)
        job.progress(4 + _SWAPS)
        fitting = [at for at, item in enumerate(self.tried) if item.bytes <= self.limit]
        return self.take(min(fitting, key=lambda at: self.tried[at].kl))

    def take(self, number: int) -> Found:
        """The choice of a plan that was measured."""
        self.tried = [item.model_copy(update={"taken": at == number}) for at, item in enumerate(self.tried)]
        return Found(self._plans[number], self._report(self._plans[number]))

    def packed(self, limit: int) -> Plan:
        """The least damage under a limit, as far as damages add up."""
        found = self._found
        items = [
            [
                Choice(sum(sizes.matrix_bytes(found.layers[name], part) for name in group.names), costs[part])
                for part in group.options
            ]
            for group, costs in zip(self.groups, self._costs, strict=True)
        ]
        heads = list(self._head)
        items.append([Choice(sizes.head_bytes(found.head, part), self._head[part]) for part in heads])
        rest = sizes.folder_bytes(found, self.yardstick) - _stored(found, self.yardstick)
        chosen = knapsack.choose(items, limit - rest)
        if chosen is None:
            raise _no_room(limit, rest + sum(min(choice.size for choice in options) for options in items))
        *numbers, head = chosen
        parts = {
            name: group.options[number]
            for group, number in zip(self.groups, numbers, strict=True)
            for name in group.names
        }
        return Plan(algorithm="rtn", matrices=parts, head=heads[head])

    def _swaps(self, packed: Plan) -> Iterator[Plan]:
        """Plans near a packed one: a part that has many bits gives them to others that nearly got them."""
        gain = [
            (costs[_usual(group)] / self._weights_of(group), at)
            for at, (group, costs) in enumerate(zip(self.groups, self._costs, strict=True))
        ]
        many = [at for _, at in sorted(gain) if self._bits(packed, at) == 8]
        few = [at for _, at in sorted(gain, reverse=True) if self._bits(packed, at) == 4]
        pairs = [(one, other) for one in many[:3] for other in few[:4]]
        made = 0
        for down, up in pairs:
            parts = dict(packed.matrices)
            parts.update(dict.fromkeys(self.groups[down].names, _usual(self.groups[down])))
            parts.update(dict.fromkeys(self.groups[up].names, self.groups[up].options[-1]))
            swapped = packed.model_copy(update={"matrices": parts})
            if made < _SWAPS and sizes.folder_bytes(self._found, swapped) <= self.limit:
                made += 1
                yield swapped

    def _try(self, name: str, tried: Plan, work: Path | None = None) -> float:
        """KL of the whole plan; with a folder to work in, rounded by GPTQ."""
        head = self._model.get_output_embeddings()
        changed = damage.round_off(head.weight.data, tried.head)
        modules = {**self._weights, "head": head, "in": self._model.get_input_embeddings()}
        heads = {"head": changed, **({"in": changed} if self._found.tied else {})}
        if work is None:
            layers = {
                name: damage.round_off(self._weights[name].weight.data, part, tried.algorithm)
                for name, part in tried.matrices.items()
            }
        else:
            rounding.round_weights(self._folder, work, tried, self.samples.calibrating)
            layers = rounding.rounded(work, list(tried.matrices))
            shutil.rmtree(work)
        with damage.rounded_as(modules, {**layers, **heads}):
            kl = self._meter.damage()
        size = sizes.folder_bytes(self._found, tried)
        self._plans.append(tried)
        self.tried.append(Tried(name=name, algorithm=tried.algorithm, bytes=size, kl=kl))
        self._job.log(f"{name}: KL {kl:.4f} nats a token at {size / 1e6:.1f} MB")
        return kl

    def _report(self, taken: Plan) -> Sensitivity:
        """What `sensitivity.json` says."""
        units = tuple(
            Unit(
                layer=group.layer,
                group=group.group,
                weights=self._weights_of(group),
                damage=measured,
                chosen=taken.matrices[group.names[0]],
            )
            for group, measured in zip(self.groups, self.damages, strict=True)
        )
        return Sensitivity(
            limit_bytes=self.limit,
            bytes=sizes.folder_bytes(self._found, taken),
            units=units,
            head=taken.head,
            tried=tuple(self.tried),
            judging_rows=self.samples.rows,
            judging_tokens=self._meter.tokens,
            calibration_tokens=self.samples.calibration_tokens if taken.algorithm == "gptq" else 0,
        )

    def _weights_of(self, group: Group) -> int:
        return sum(self._found.layers[name][0] * self._found.layers[name][1] for name in group.names)

    def _bits(self, packed: Plan, at: int) -> int:
        return packed.matrices[self.groups[at].names[0]].bits


def groups_of(found: sizes.Matrices) -> list[Group]:
    """The groups of a model, layer by layer."""
    names: dict[tuple[int, str], list[str]] = {}
    for name in found.layers:
        group = plan.group_of(name) or name.rpartition(".")[2]
        names.setdefault((plan.layer_of(name), group), []).append(name)
    order = {group: at for at, group in enumerate(plan.GROUPS)}
    keys = sorted(names, key=lambda key: (key[0], order.get(key[1], len(order))))
    return [
        Group(layer, group, tuple(names[layer, group]), _options(found, names[layer, group]))
        for layer, group in keys
    ]


def _options(found: sizes.Matrices, names: Sequence[str]) -> tuple[Part, ...]:
    """4 bits in blocks of 32 or 64, and 8 bits in the largest blocks that fill the rows.

    Blocks of 16 are left out, as they decode at half the speed; 8 bits lose nothing by larger blocks.
    """
    columns = [found.layers[name][1] for name in names]
    wide = [block for block in (128, 64, 32) if not any(size % block for size in columns)]
    fours = [Part(bits=4, block=block) for block in (32, 64) if block in wide]
    return (*fours, Part(bits=8, block=wide[0])) if wide else ()


def _head_options(found: sizes.Matrices) -> tuple[Part, Part]:
    block = 64 if found.head[1] % 64 == 0 else 32
    return Part(bits=4, block=32), Part(bits=8, block=block)


def _usual(group: Group) -> Part:
    return group.options[0]


def _stored(found: sizes.Matrices, made: Plan) -> int:
    """Bytes of what a plan decides."""
    layers = sum(sizes.matrix_bytes(shape, made.matrices[name]) for name, shape in found.layers.items())
    return layers + sizes.head_bytes(found.head, made.head)


def _require_room(found: sizes.Matrices, groups: Sequence[Group], limit: int) -> None:
    """Refuses, before anything is measured, a limit that nothing fits under.

    Raises:
        InputError: It is too small, or the model's rows are not filled by blocks of 32.
    """
    if not groups or not all(group.options for group in groups) or found.head[1] % 32:
        raise InputError(
            "The bits of this model cannot be searched.",
            why="Its matrices cannot be rounded in blocks of 32.",
            fix="Use the recipe int4, which fills the last block up, or fp32.",
        )
    small = {name: group.options[-2] for group in groups for name in group.names}
    least = sizes.folder_bytes(found, Plan(algorithm="k_quant", matrices=small, head=_head_options(found)[0]))
    if limit < least:
        raise _no_room(limit, least)


def _no_room(limit: int, least: int) -> InputError:
    return InputError(
        f"The model does not fit in {limit / 1e6:.0f} MB.",
        why=f"With 4 bits everywhere it takes {least / 1e6:.1f} MB.",
        fix=f"Allow at least {least / 1e6 + 1:.0f} MB, or prune the model first.",
        code="quantize.no_room",
    )


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
