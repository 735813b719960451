"""How long an answer of a mixture takes, from the times of a few mixtures of the same model.

Decoding is bound by the bytes that are read and reading a prompt by the kernels, and those of 4 and 8 bits
differ from computer to computer: so nothing is assumed but that every weight adds its share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.models.quantizing import groups as grouping
from core.models.quantizing.groups import Group
from core.models.quantizing.plan import Part, Plan
from core.models.quantizing.sizes import Matrices


@dataclass(frozen=True)
class Pace:
    """Milliseconds of an answer, linear in the weights that are stored in another way than the usual one.

    Attributes:
        usual_ms: An answer where every layer is stored as usual and the output layer in 4 bits.
        wide: What a weight adds in 4 bits and larger blocks; less than nothing where that is faster.
        eight: What a weight adds in 8 bits.
        head: What the whole output layer adds in 8 bits.
        least_ms: What no mixture falls below, however many savings seem to add up.
    """

    usual_ms: float
    wide: float
    eight: float
    head: float
    least_ms: float = 0.0

    @classmethod
    def through(cls, groups: Sequence[Group], times: Sequence[float]) -> Pace:
        """From the times of `probes`, in their order."""
        usual, wide, eight, head = times
        widened = sum(group.weights for group in groups if group.least != group.usual)
        return cls(
            usual,
            (wide - usual) / widened if widened else 0.0,
            (eight - usual) / max(1, sum(group.weights for group in groups)),
            head - usual,
            min(times) / 2,
        )

    def added_ms(self, group: Group, part: Part) -> float:
        """What a group adds when it is stored so and not as usual."""
        if part == group.usual:
            return 0.0
        return group.weights * (self.eight if part.bits == 8 else self.wide)

    def head_ms(self, part: Part) -> float:
        """What the output layer adds when it is stored so and not in 4 bits."""
        return self.head if part.bits == 8 else 0.0

    def answer_ms(self, groups: Sequence[Group], plan: Plan) -> float:
        """How long an answer of a plan takes."""
        layers = sum(self.added_ms(group, plan.matrices[group.names[0]]) for group in groups)
        return max(self.usual_ms + layers + self.head_ms(plan.head), self.least_ms)


def probes(found: Matrices, groups: Sequence[Group]) -> tuple[Plan, Plan, Plan, Plan]:
    """The mixtures that are timed: the usual one, and one for each thing that can be otherwise."""
    four, eight = grouping.head_options(found)
    return (
        grouping.planned(groups, four, lambda group: group.usual),
        grouping.planned(groups, four, lambda group: group.least),
        grouping.planned(groups, four, lambda group: group.eight),
        grouping.planned(groups, eight, lambda group: group.usual),
    )
