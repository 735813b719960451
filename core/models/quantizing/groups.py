"""The parts of a model that are stored alike, and how each may be stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.models.quantizing import plan, sizes
from core.models.quantizing.plan import Part, Plan


@dataclass(frozen=True)
class Group:
    """Matrices of a layer that are stored alike.

    Attributes:
        layer: Number of the layer.
        group: One of `plan.GROUPS`, or the last part of a name that belongs to none.
        names: The matrices.
        weights: How many numbers they have.
        options: Parts it may get, the usual one first, 8 bits last; none where blocks do not fill its rows.
    """

    layer: int
    group: str
    names: tuple[str, ...]
    weights: int
    options: tuple[Part, ...]

    @property
    def usual(self) -> Part:
        """4 bits in blocks of 32 where its rows allow that."""
        return self.options[0]

    @property
    def least(self) -> Part:
        """What takes the fewest bytes."""
        return self.options[-2]

    @property
    def eight(self) -> Part:
        """8 bits."""
        return self.options[-1]


def groups_of(found: sizes.Matrices) -> list[Group]:
    """The groups of a model, layer by layer."""
    names: dict[tuple[int, str], list[str]] = {}
    for name in found.layers:
        group = plan.group_of(name) or name.rpartition(".")[2]
        names.setdefault((plan.layer_of(name), group), []).append(name)
    order = {group: at for at, group in enumerate(plan.GROUPS)}
    keys = sorted(names, key=lambda key: (key[0], order.get(key[1], len(order))))
    return [
        Group(layer, group, tuple(own), _weights(found, own), _options(found, own))
        for (layer, group), own in ((key, names[key]) for key in keys)
    ]


def planned(groups: Sequence[Group], head: Part, choose: Callable[[Group], Part]) -> Plan:
    """The plan in which `choose` says the part of a group, rounded to the nearest step."""
    parts = {name: choose(group) for group in groups for name in group.names}
    return Plan(algorithm="rtn", matrices=parts, head=head)


def head_options(found: sizes.Matrices) -> tuple[Part, Part]:
    """How the output layer may be stored: in 4 or in 8 bits."""
    block = plan.block_of_head(found.head[1])
    return Part(bits=4, block=32), Part(bits=8, block=block)


def _weights(found: sizes.Matrices, names: Sequence[str]) -> int:
    return sum(found.layers[name][0] * found.layers[name][1] for name in names)


def _options(found: sizes.Matrices, names: Sequence[str]) -> tuple[Part, ...]:
    """4 bits in blocks of 32 or 64, and 8 bits in the largest blocks that fill the rows.

    Blocks of 16 are left out, as they decode at half the speed; 8 bits lose nothing by larger blocks.
    """
    wide = plan.blocks_of(found.layers[name][1] for name in names)
    fours = [Part(bits=4, block=block) for block in (32, 64) if block in wide]
    return (*fours, Part(bits=8, block=wide[0])) if wide else ()
