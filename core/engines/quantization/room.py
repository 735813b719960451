"""What a searched result may take, in bytes and milliseconds, and the mixture of least damage within it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.engines.keeping import Kept, digest
from core.engines.quantization.timing import Clock
from core.errors import InputError
from core.models.quantizing import groups as grouping
from core.models.quantizing import knapsack, least, pace, sizes
from core.models.quantizing.knapsack import Choice
from core.models.quantizing.pace import Pace
from core.models.quantizing.plan import Part, Plan
from core.models.quantizing.recipes import RECIPES

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: The fixed recipe that the search has to beat, and whose size it keeps to when no limit is set.
YARDSTICK = "int4-edges"
#: What was packed is timed too; where it takes longer than so many times the limit, it is packed for less.
SLACK, _TRIES = 1.05, 3


@dataclass(frozen=True)
class Limits:
    """As they are set.

    Attributes:
        bytes: Of the result; None keeps to the size of the yardstick, or to none where time has a limit.
        ms: Of an answer; None sets none.
    """

    bytes: int | None = None
    ms: float | None = None


class Room:
    """The limits of one model's search, and what each way to store a part takes of them.

    With a limit of time it begins by timing a few mixtures.

    Args:
        folder: The whole model in full precision.
        found: Sizes of its matrices.
        data: Data set whose validation rows judge and whose usual length is timed, or None.
        limits: As they are set.
        job: The run.
        kept: What an earlier try of this run has found.
        work: Where folders may be made.

    Raises:
        InputError: Nothing fits, or the model's rows are not filled by blocks of 32.
    """

    def __init__(
        self,
        folder: Path,
        found: sizes.Matrices,
        data: Path | None,
        limits: Limits,
        job: JobContext,
        kept: Kept,
        work: Path,
    ) -> None:
        self.folder, self.data, self.work = folder, data, work
        self.job, self.kept = job, kept
        if not kept.is_empty:
            job.log("Takes over what was found before it was interrupted.")
        self.groups = grouping.groups_of(found)
        self.found = least.with_report(found)
        self.yardstick = RECIPES[YARDSTICK].planned(self.found, "k_quant")
        self._require_blocks()
        self.limit = limits.bytes or sizes.folder_bytes(
            self.found, self.yardstick if limits.ms is None else self._largest()
        )
        self.limit_ms = self._aim = limits.ms
        least.require_room(self.found, self.limit)  # a limit that was set was looked at before the run, too
        self._pace: Pace | None = None
        if limits.ms is not None:
            threads = int(job.resources["threads"])
            self._clock = Clock(folder, data, work, threads)
            self._pace = self._timed_pace()
            self._require_time(limits.ms)

    # --- time ---

    def _timed_pace(self) -> Pace:
        plans = pace.probes(self.found, self.groups)
        times = self.kept.value("times")
        if times is None:
            times = self._times(plans)
            self.kept.put("times", times)
            self.job.goes_on_after("mixtures", len(plans), len(plans))
        found = Pace.through(self.groups, times)
        self.job.log(
            f"An answer takes {times[0]:.3g} ms in 4 bits, {times[1]:.3g} in larger blocks, "
            f"{times[2]:.3g} in 8 bits, and {times[3]:.3g} with only the output layer in 8."
        )
        return found

    def _times(self, plans: Sequence[Plan]) -> list[float]:
        job = self.job
        job.phase("timing", total=len(plans), unit="mixtures")

        def built(count: int) -> None:
            job.progress(count)
            job.check_cancelled()

        return self._clock.times(plans, built)

    def answer_ms(self, plan: Plan) -> float | None:
        """How long an answer takes, as far as times add up; None where time has no limit."""
        return None if self._pace is None else self._pace.answer_ms(self.groups, plan)

    def holds(self, plan: Plan) -> bool:
        """Whether a plan stays within both limits, as far as times add up to what was measured."""
        answer_ms = self.answer_ms(plan)
        in_time = answer_ms is None or self._aim is None or answer_ms <= self._aim
        return in_time and sizes.folder_bytes(self.found, plan) <= self.limit

    # --- packing ---

    def packed(
        self,
        costs: Sequence[Mapping[Part, float]],
        head: Mapping[Part, float],
        most_ms: float | None = None,
    ) -> Plan:
        """The mixture of least damage within a size and a time, as far as they add up.

        Args:
            costs: Of each group, damage by part.
            head: Damage of the output layer by part.
            most_ms: Of an answer; None sets none. What cannot be so fast is as fast as it can be.
        """
        room = self.limit - self._rest
        items = self._items(lambda at, part: costs[at][part], head)
        taken: list[int] | None = None
        if most_ms is not None and self._pace is not None:
            taken = knapsack.choose_in_time(items, room, most_ms - self._pace.usual_ms)
            taken = taken or knapsack.fastest(items, room)
        else:
            taken = knapsack.choose(items, room)
        assert taken is not None  # the least was found to fit
        return self._plan(taken)

    def packed_in_time(self, costs: Sequence[Mapping[Part, float]], head: Mapping[Part, float]) -> Plan:
        """What is packed within the limits; with one of time it is built and timed, and packed again."""
        chosen = self.packed(costs, head, most_ms=self.limit_ms)
        if self.limit_ms is None:
            return chosen
        aim = self.limit_ms
        for _ in range(_TRIES):  # what was assumed to add up does not quite
            measured = self._measured_ms(chosen)
            self.job.log(f"The packed mixture takes {measured:.3g} ms an answer.")
            if measured <= SLACK * self.limit_ms:
                break
            aim *= self.limit_ms / measured
            chosen = self.packed(costs, head, most_ms=aim)
        self._aim = max(aim, self.answer_ms(chosen) or 0.0)
        return chosen

    def _measured_ms(self, plan: Plan) -> float:
        place = f"time-{digest(plan.model_dump_json())}"
        measured = self.kept.value(place)
        if measured is None:
            (measured,) = self._times([plan])
            self.kept.put(place, measured)
        return float(measured)

    def _items(self, cost: Callable[[int, Part], float], head: Mapping[Part, float]) -> list[list[Choice]]:
        """The ways to store each group, and last the output layer."""
        found, times = self.found, self._pace or Pace(0.0, 0.0, 0.0, 0.0)
        items = [
            [
                Choice(
                    sum(sizes.matrix_bytes(found.layers[name], part) for name in group.names),
                    cost(at, part),
                    times.added_ms(group, part),
                )
                for part in group.options
            ]
            for at, group in enumerate(self.groups)
        ]
        heads = [
            Choice(sizes.head_bytes(found.head, part), damage, times.head_ms(part))
            for part, damage in head.items()
        ]
        return [*items, heads]

    def _plan(self, taken: Sequence[int]) -> Plan:
        *numbers, head = taken
        parts = {id(group): group.options[number] for group, number in zip(self.groups, numbers, strict=True)}
        heads = grouping.head_options(self.found)
        return grouping.planned(self.groups, heads[head], lambda group: parts[id(group)])

    @property
    def _rest(self) -> int:
        """Bytes of what no plan decides."""
        found, made = self.found, self.yardstick
        layers = sum(sizes.matrix_bytes(shape, made.matrices[name]) for name, shape in found.layers.items())
        return sizes.folder_bytes(found, made) - layers - sizes.head_bytes(found.head, made.head)

    # --- refusals ---

    def _largest(self) -> Plan:
        _, eight = grouping.head_options(self.found)
        return grouping.planned(self.groups, eight, lambda group: group.eight)

    def _require_blocks(self) -> None:
        if not least.can_be_searched(self.found):
            raise InputError(
                "The bits of this model cannot be searched.",
                why="Its matrices cannot be rounded in blocks of 32.",
                fix="Use the recipe int4, which fills the last block up, or fp32.",
            )

    def _require_time(self, most_ms: float) -> None:
        """Refuses, before any damage is measured, a time in which no mixture answers."""
        assert self._pace is not None
        items = self._items(lambda _at, _part: 0.0, dict.fromkeys(grouping.head_options(self.found), 0.0))
        taken = knapsack.fastest(items, self.limit - self._rest)
        assert taken is not None  # its size was found to be possible
        fastest_ms = max(self._pace.usual_ms + knapsack.total_time(items, taken), self._pace.least_ms)
        if fastest_ms <= most_ms:
            return
        lengths = self._clock.lengths
        raise InputError(
            f"No mixture of 4 and 8 bits answers in {most_ms:g} ms here.",
            why=f"The fastest one that fits in {self.limit / 1e6:.0f} MB takes about {fastest_ms:.3g} ms for "
            f"{lengths[0]} tokens of prompt and {lengths[1]} of answer.",
            fix=f"Allow at least {fastest_ms * SLACK:.3g} ms, or prune the model first.",
            code="quantize.no_time",
        )
