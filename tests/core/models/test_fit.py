"""Will it fit: the formula, what corrects it, and what would help."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from core.cli import fitting
from core.data.lengths import Lengths
from core.data.sizes import drawn
from core.models.fit import corrections, forecast
from core.models.fit.corrections import Corrections, Observation
from core.models.fit.experience import Case
from core.models.fit.machine import Machine
from core.models.fit.need import predict
from core.models.fit.rows import pack
from core.models.fit.shape import Shape, learnt
from core.specs import DistillSpec, FinetuneSpec

STARTER = Shape(134_515_008, 576, 30, 1536, 49152, 9, 192, 269_000_000, "LlamaForCausalLM")
PLAIN = Corrections()
HERE = Machine("here", 2, 16_000_000_000, 80_000_000_000, 110.0, fast_bf16=False)


@dataclass(frozen=True)
class Rows:
    lengths: tuple[int, ...] = (20, 25, 30, 35, 40, 90)
    train: int = 1215
    validation: int = 135
    answer_share: float = 0.2


ROWS = Rows()


def need(machine=HERE, known=PLAIN, rows=ROWS, **fields):
    values = {"model": "m", "data": "d", "precision": "fp32", **fields}
    return predict(FinetuneSpec(**values), STARTER, rows, machine, known)


def said(free, **fields):
    spec = FinetuneSpec(model="m", data="d", precision="fp32", **fields)
    return forecast.forecast(Case(spec, STARTER, Rows()), replace(HERE, memory_free=free), Corrections())


def test_a_lora_of_the_starter_model_learns_as_many_values_as_peft_says():
    assert learnt(STARTER, "lora", 16) == 4_884_480


TEACHER = Shape(362_000_000, 960, 32, 2560, 49152, 15, 320, 724_000_000, "LlamaForCausalLM")


def distilling(teachers=(TEACHER,), **fields):
    spec = DistillSpec(
        model="m", teachers=("t", "u")[: max(1, len(teachers))], data="d", precision="fp32", **fields
    )
    return forecast.forecast(Case(spec, STARTER, ROWS, teachers), HERE, PLAIN).need


def test_a_teacher_is_asked_before_and_its_words_are_kept():
    alone, one, two = distilling(()), distilling(), distilling((TEACHER, TEACHER))
    assert one.seconds.asking > 0
    assert two.seconds.asking == pytest.approx(2 * one.seconds.asking)
    assert one.seconds.total == pytest.approx(alone.seconds.total + one.seconds.asking)
    answers = (ROWS.train + ROWS.validation) * 40 * ROWS.answer_share
    assert one.disk - alone.disk == pytest.approx(260 * answers)
    assert one.memory.total == max(alone.memory.total, alone.memory.libraries + 4 * TEACHER.parameters)


@pytest.mark.parametrize(
    ("checkpoints", "fields"),
    [
        (4, {}),
        (3, {"max_steps": 3}),
        (1, {"max_steps": 1}),
        (1, {"checkpoint_every": 10_000, "keep_best": False}),
        (2, {"checkpoint_every": 20, "max_steps": 30, "keep_best": False}),
        (4, {"checkpoint_every": 10_000, "keep_best": True}),
    ],
)
def test_the_disk_holds_four_checkpoints_at_most_and_no_more_than_are_saved(checkpoints, fields):
    found = need(method="full", **fields)
    assert found.checkpoint == 12 * STARTER.parameters
    assert found.disk == checkpoints * found.checkpoint + found.result


def test_a_disk_of_which_nobody_knows_what_is_free_refuses_nothing():
    found = said(16_000_000_000)
    assert found.disk_verdict == "fits"
    full = replace(found, machine=replace(HERE, disk_free=int(0.9 * found.need.disk)))
    assert (full.disk_verdict, full.has_disk) == ("no", False)
    unknown = replace(found, machine=replace(HERE, disk_free=None))
    assert (unknown.disk_verdict, unknown.has_disk) == (None, True)


def test_a_teacher_that_stays_needs_its_memory_beside_the_student():
    before, beside = distilling(), distilling(on_policy=0.5)
    assert beside.memory.total == pytest.approx(before.memory.total + 4 * TEACHER.parameters)
    assert "teacher" in beside.memory.shown()


def test_rows_are_packed_as_the_engine_packs_them():
    from core.engines.training import packing
    from core.engines.training.examples import Example

    lengths = [5, 40, 12, 33, 7, 60]
    ours = pack(lengths, 64)
    theirs = packing.batch([Example([1] * n, [1] * n) for n in lengths], 64).packs
    assert [(item.tokens, item.rows) for item in ours] == [(sum(p.lengths), len(p.lengths)) for p in theirs]


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"method": "full"}, {"method": "lora"}),
        ({"batch_size": 32}, {"batch_size": 8}),
        ({"tokens_at_once": 1024}, {"tokens_at_once": 128}),
        ({"gradient_checkpointing": "off"}, {"gradient_checkpointing": "on"}),
        ({"lora_rank": 256}, {"lora_rank": 8}),
        ({"max_length": 512}, {"max_length": 30}),
    ],
)
def test_what_needs_more_is_predicted_to_need_more(more, less):
    assert need(**more).memory.total > need(**less).memory.total


def test_the_batch_costs_time_but_no_memory_beyond_one_part():
    assert need(batch_size=128).memory.total == pytest.approx(need(batch_size=256).memory.total, rel=0.05)


def test_checkpointing_takes_longer_and_auto_takes_it_only_when_memory_asks():
    assert need(gradient_checkpointing="on").seconds.training > need().seconds.training
    assert not need().checkpointing
    assert need(replace(HERE, memory_free=2_000_000_000)).checkpointing


def test_the_parts_sum_to_the_total():
    for fields in ({}, {"method": "full"}, {"batch_size": 1, "tokens_at_once": 16}):
        memory = need(**fields).memory
        assert sum(memory.shown().values()) == memory.total


@pytest.mark.parametrize(
    ("fields", "steps", "epochs"),
    [
        ({"max_steps": 600, "epochs": 3}, 228, 7.9),
        ({"max_steps": 228, "epochs": 3}, 228, None),
        ({"max_steps": 20, "epochs": 3}, 20, None),
        ({"epochs": 3}, 228, None),
    ],
)
def test_passes_that_end_before_the_step_limit_are_known(fields, steps, epochs):
    plan = need(**fields).plan
    assert (plan.steps, plan.epochs_for_limit) == (steps, epochs)
    if epochs:
        assert need(**{**fields, "epochs": epochs}).plan.steps == 600


def test_it_is_said_how_many_passes_the_step_limit_takes():
    text = fitting.short_of_limit(said(16_000_000_000, max_steps=600, epochs=3))
    assert "1 pass is 76 steps here: the passes end after 228 steps" in text
    assert "For 600 steps set epochs=7.9." in text
    assert fitting.short_of_limit(said(16_000_000_000, max_steps=60, epochs=3)) == ""


def test_every_suggestion_makes_it_fit_by_the_formula():
    crowded = said(3_500_000_000, method="full", gradient_checkpointing="off")
    assert crowded.verdict == "no"
    assert crowded.suggestions
    for item in crowded.suggestions:
        assert item.need.memory.total <= 3_500_000_000
    assert any("tokens_at_once" in item.changes for item in crowded.suggestions)


def test_when_nothing_helps_alone_changes_are_put_together():
    (both,) = said(1_700_000_000, method="full", gradient_checkpointing="off").suggestions[:1]
    assert both.need.memory.total <= 1_700_000_000


def test_where_nothing_helps_nothing_is_suggested():
    assert said(300_000_000).suggestions == ()


def test_it_is_refused_only_when_it_is_clearly_too_much():
    total = said(16_000_000_000, gradient_checkpointing="off").need.memory.total
    near, far = round(total / 1.05), round(total / 1.2)
    assert said(near, gradient_checkpointing="off").verdict == "no"
    assert not said(near, gradient_checkpointing="off").is_refused
    assert said(far, gradient_checkpointing="off").is_refused


def test_one_odd_run_moves_the_correction_little():
    runs = [Observation(str(n), seconds=s) for n, s in enumerate((1.2, 50.0, 1.3, 1.1, 1.2))]
    assert corrections.of(runs).seconds == 1.2
    assert corrections.of([Observation("only", activations=50.0)]).activations == 3.0


def test_corrections_change_time_and_activations_alone():
    plain, corrected = need(), need(known=Corrections(activations=2.0, seconds=3.0, runs=1))
    assert corrected.seconds.training == pytest.approx(3 * plain.seconds.training)
    assert corrected.memory.activations == 2 * plain.memory.activations
    assert corrected.memory.fixed == plain.memory.fixed


def test_lengths_are_drawn_as_the_histogram_says_with_the_longest_among_them():
    lengths = Lengths(
        sampled=False, rows=100, minimum=3, median=8, mean=9.0, p95=18, maximum=70,
        edges=[0, 10, 20], counts=[60, 40],
    )  # fmt: skip
    found = drawn(lengths)
    assert len(found) == 100
    assert (found[0], found[-1]) == (3, 70)
    assert sum(length < 10 for length in found) == pytest.approx(60, abs=2)
