"""Chooses bits by what they cost: measures each part's damage, packs a limit, checks the whole.

A part's damage is the KL divergence from the source when it alone is rounded to 4 bits, on sample rows,
estimated for all parts at once. Damages of single parts nearly add up, so the best mixture under a limit is a
knapsack. What is chosen is then measured as a whole, mended by a few swaps, and measured again with KQuant's
steps and with GPTQ, which makes up for its losses on other rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from core.engines import merging, tokenizing
from core.engines.keeping import Kept, digest
from core.engines.quantization import damage, rounding, samples
from core.engines.quantization.damage import Estimate, Meter
from core.engines.quantization.gptq import Layers
from core.engines.quantization.room import YARDSTICK, Room
from core.models.quantizing import groups as grouping
from core.models.quantizing import sizes
from core.models.quantizing.groups import Group
from core.models.quantizing.plan import Part, Plan
from core.models.quantizing.sensitivity import Sensitivity, Tried, Unit

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: 8 bits have 17 times finer steps than 4, so rounding to them changes 1/289 of the squares.
_EIGHT = 1 / 289
_SWAPS = 6
_PLANS = 4 + _SWAPS
#: How often the estimates are told and kept while they become more exact.
_LOOKS = 6


@dataclass(frozen=True)
class Found:
    """What the search chose.

    Attributes:
        plan: How every matrix is stored.
        report: What was measured.
        rounded: The folder in which GPTQ has rounded it already; None where that is still to be done.
    """

    plan: Plan
    report: Sensitivity
    rounded: Path | None = None


class Search:
    """One model, its sample rows, and the plans that were measured.

    Args:
        room: The model, and what the result may take.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self._job, self._kept = room.job, room.kept
        self._found, self.groups = room.found, room.groups
        self.samples = samples.draw(tokenizing.load(room.folder), room.data)
        self._model = merging.load(room.folder).eval()
        modules = dict(self._model.named_modules())
        self._weights: dict[str, torch.nn.Module] = {name: modules[name] for name in room.found.layers}
        self._meter = Meter(self._model, self.samples.judging)
        self._costs: list[dict[Part, float]] = []
        self._head: dict[Part, float] = {}
        self._rounded: Path | None = None
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
                change = damage.round_off(weight, group.usual) - weight
                changes[name] = change.clone().bfloat16()
                shares[name] = float(change.square().sum())
        parts = [group.names for group in self.groups]
        every = max(1, len(rows) // _LOOKS)
        known = self._kept.value("damage")
        before = None
        if known is not None:
            before = Estimate(known["rows"], known["tokens"], tuple(known["sums"]), tuple(known["dice"]))
        if before is not None:
            self._say(before)
            job.progress(before.rows)
        for found in damage.estimate(self._model, self._weights, changes, parts, rows, before):
            if found.rows % every == 0 or found.rows == len(rows):
                self._kept.put("damage", asdict(found))
                job.goes_on_after("rows", found.rows, len(rows))
                self._say(found)
            job.progress(found.rows)
            job.check_cancelled()
        self._costs = [
            self._options(group, cost, shares) for group, cost in zip(self.groups, self.damages, strict=True)
        ]
        self._head = self._measured_head()
        job.progress(len(rows) + 1)

    def _say(self, found: Estimate) -> None:
        self.damages = found.damages
        for group, cost in zip(self.groups, self.damages, strict=True):
            self._job.emit(
                "damage", layer=group.layer, group=group.group, value=cost, weights=group.weights,
                layers=self._found.count,
            )  # fmt: skip

    def _options(self, group: Group, cost: float, shares: Mapping[str, float]) -> dict[Part, float]:
        """Damage by option: by how much more or less each changes than the usual one."""
        usual = group.usual
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
        four, eight = grouping.head_options(self._found)
        measured = self._kept.value("head")
        if measured is None:
            head = self._model.get_output_embeddings()
            changed = damage.round_off(head.weight.data, four)
            modules = {"head": head, "in": self._model.get_input_embeddings()}
            tied = {"in": changed} if self._found.tied else {}
            with damage.rounded_as(modules, {"head": changed, **tied}):
                measured = max(self._meter.damage(), 0.0)
            self._kept.put("head", measured)
        return {four: measured, eight: measured * _EIGHT}

    def choose(self) -> Found:
        """Packs, mends, tries GPTQ, and takes what is nearest to the source."""
        job = self._job
        packed = self.room.packed_in_time(self._costs, self._head)
        job.phase("choosing", total=_PLANS, unit="plans")
        self._try(YARDSTICK, self.room.yardstick)
        job.progress(1)
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
        self._try("with GPTQ", best.model_copy(update={"algorithm": "gptq"}))
        fitting = [at for at, tried in enumerate(self._plans) if self.room.holds(tried)]
        return self.take(min(fitting, key=lambda at: self.tried[at].kl))

    def take(self, number: int) -> Found:
        """The choice of a plan that was measured."""
        self.tried = [item.model_copy(update={"taken": at == number}) for at, item in enumerate(self.tried)]
        taken = self._plans[number]
        rounded = self._rounded if taken.algorithm == "gptq" else None
        return Found(taken, self._report(taken), rounded)

    def _swaps(self, packed: Plan) -> Iterator[Plan]:
        """Plans near a packed one: a part that has many bits gives them to others that nearly got them."""
        gain = [
            (costs[group.usual] / group.weights, at)
            for at, (group, costs) in enumerate(zip(self.groups, self._costs, strict=True))
        ]
        many = [at for _, at in sorted(gain) if self._bits(packed, at) == 8]
        few = [at for _, at in sorted(gain, reverse=True) if self._bits(packed, at) == 4]
        pairs = [(one, other) for one in many[:3] for other in few[:4]]
        made = 0
        for down, up in pairs:
            parts = dict(packed.matrices)
            parts.update(dict.fromkeys(self.groups[down].names, self.groups[down].usual))
            parts.update(dict.fromkeys(self.groups[up].names, self.groups[up].eight))
            swapped = packed.model_copy(update={"matrices": parts})
            if made < _SWAPS and self.room.holds(swapped):
                made += 1
                yield swapped

    def _try(self, name: str, tried: Plan) -> float:
        """KL of the whole plan."""
        place = f"kl-{digest(tried.model_dump_json())}"
        kl = self._kept.value(place)
        if kl is None:
            kl = self._measured(tried)
            self._kept.put(place, kl)
            self._job.goes_on_after("plans", len(self._plans) + 1, _PLANS)
        size = sizes.folder_bytes(self._found, tried)
        answer_ms = self.room.answer_ms(tried)
        self._plans.append(tried)
        self.tried.append(Tried(name=name, algorithm=tried.algorithm, bytes=size, kl=kl, answer_ms=answer_ms))
        time = "" if answer_ms is None else f", an answer in about {answer_ms:.3g} ms"
        self._job.log(f"{name}: KL {kl:.4f} nats a token at {size / 1e6:.1f} MB{time}")
        return float(kl)

    def _measured(self, tried: Plan) -> float:
        head = self._model.get_output_embeddings()
        changed = damage.round_off(head.weight.data, tried.head)
        modules = {**self._weights, "head": head, "in": self._model.get_input_embeddings()}
        heads = {"head": changed, **({"in": changed} if self._found.tied else {})}
        if tried.algorithm == "gptq":
            layers = self._by_gptq(tried)
        else:
            layers = {
                name: damage.round_off(self._weights[name].weight.data, part, tried.algorithm)
                for name, part in tried.matrices.items()
            }
        with damage.rounded_as(modules, {**layers, **heads}):
            return self._meter.damage()

    def _by_gptq(self, tried: Plan) -> Mapping[str, torch.Tensor]:
        """The matrices as GPTQ rounds them; the folder stays, so that it need not be made again."""
        job, self._rounded = self._job, self.room.work / "tried"
        job.phase("rounding", total=self._found.count, unit="layers")
        self._rounded.mkdir()
        layers = gptq_layers(job, self._kept, tried)
        rounding.round_weights(self.room.folder, self._rounded, tried, self.samples.calibrating, layers)
        return rounding.rounded(self._rounded, list(tried.matrices))

    def _report(self, taken: Plan) -> Sensitivity:
        """What `sensitivity.json` says."""
        units = tuple(
            Unit(
                layer=group.layer,
                group=group.group,
                weights=group.weights,
                damage=measured,
                chosen=taken.matrices[group.names[0]],
            )
            for group, measured in zip(self.groups, self.damages, strict=True)
        )
        return Sensitivity(
            limit_bytes=self.room.limit,
            limit_ms=self.room.limit_ms,
            bytes=sizes.folder_bytes(self._found, taken),
            units=units,
            head=taken.head,
            tried=tuple(self.tried),
            judging_rows=self.samples.rows,
            judging_tokens=self._meter.tokens,
            calibration_tokens=self.samples.calibration_tokens if taken.algorithm == "gptq" else 0,
        )

    def _bits(self, packed: Plan, at: int) -> int:
        return packed.matrices[self.groups[at].names[0]].bits


def gptq_layers(job: JobContext, kept: Kept, plan: Plan) -> Layers:
    """The layers of a plan that GPTQ has rounded so far; the run hears of each that follows."""

    def tell(done: int, total: int) -> None:
        job.goes_on_after("layers", done, total)
        job.progress(done, total)
        job.check_cancelled()

    return Layers(kept, digest(plan.model_dump_json()), tell)
