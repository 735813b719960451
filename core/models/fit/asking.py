"""What teachers add to a training: they are asked once, one after the other; one may stay beside."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from core.models.fit.machine import Machine
from core.models.fit.need import LOAD_BYTES_S, Need, flops_a_s
from core.models.fit.rows import RowSizes
from core.models.fit.shape import Shape
from core.specs import DistillSpec

_WEIGHT_BYTES = 4  # a teacher is asked in fp32 unless it is stored in half
#: Bytes that are kept of an answer's token.
STORE_BYTES_A_TOKEN = 260


def with_teachers(
    need: Need, spec: DistillSpec, teachers: Sequence[Shape], rows: RowSizes, machine: Machine, seconds: float
) -> Need:
    """A student's need with that of its teachers.

    Args:
        need: Of the student alone.
        spec: How it learns.
        teachers: Their sizes.
        rows: The data's sizes.
        machine: Where.
        seconds: Measured over predicted time of earlier trainings here.
    """
    if not teachers:
        return need
    lengths = [min(length, spec.max_length) for length in rows.lengths] or [1]
    count = rows.train + rows.validation
    tokens = count * statistics.fmean(lengths)
    answers = tokens * rows.answer_share
    asking = 0.0
    for shape in teachers:
        linear = 2 * shape.linear_weights * tokens
        attention = 4 * shape.hidden * shape.layers * count * statistics.fmean(n * n for n in lengths)
        output = 2 * shape.hidden * shape.vocabulary * answers
        speed = flops_a_s(machine, need.bf16) / seconds
        asking += (linear + attention + output) / speed + shape.file_bytes / LOAD_BYTES_S
    largest = max(shape.parameters for shape in teachers) * _WEIGHT_BYTES
    stays = bool(spec.on_policy or spec.hidden_weight or spec.attention_weight)
    whole = replace(need.seconds, asking=asking)
    return replace(
        need,
        memory=replace(need.memory, teacher=float(largest), teacher_stays=stays),
        seconds=whole,
        store=STORE_BYTES_A_TOKEN * answers * len(teachers),
        energy_wh=need.energy_wh * whole.total / need.seconds.total,
    )
