from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from core.engines.distilling.matching import Matching, layer_pairs
from core.engines.training import packed_attention, packing
from core.engines.training.examples import Example
from core.engines.training.packing import pack
from core.engines.training.templates import IGNORED
from tests.core.engines import tiny

VOCABULARY = 60
SAME_IDS = torch.arange(VOCABULARY)


def rows(count=4):
    """Rows that begin alike, with prompts and answers of different lengths."""
    numbers = torch.Generator().manual_seed(3)
    found = []
    for at in range(count):
        own = torch.randint(5, VOCABULARY, (6 + 2 * at,), generator=numbers).tolist()
        answer = 2 + at
        ids = [1, 3, 4, *own]
        found.append(Example(ids, [IGNORED] * (len(ids) - answer) + ids[-answer:]))
    return found


def model(seed, layers=2):
    made = tiny.model(VOCABULARY, seed=seed, layers=layers)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "_proj" in name:
                parameter *= 8  # fresh ones say too little to be told apart
    assert packing.prepare(made, rows())
    return made


def matching(teacher, pairs=((0, 1), (1, 3)), hidden=1.0, attention=1.0, carried=SAME_IDS):
    return Matching(
        teacher.eval(), pairs, carried, hidden_weight=hidden, attention_weight=attention, bf16=False
    )


def apart(student, judge, part):
    """As the trainer does it."""
    with packed_attention.attention.rows(part):
        theirs = judge.teacher(part)
        with judge.student(student, part) as ours:
            packing.answer_loss(student, part)
        return judge.apart(ours, theirs, part)


@pytest.mark.parametrize(("hidden", "attention"), [(1.0, 0.0), (0.0, 1.0), (0.7, 2.0)])
def test_its_gradient_is_the_slope(hidden, attention):
    student, judge = model(5), matching(model(6, layers=4), hidden=hidden, attention=attention)
    part = pack(rows())
    apart(student, judge, part).backward()
    learnt = [p for p in student.parameters() if p.grad is not None]
    way = [torch.randn(p.shape, generator=torch.Generator().manual_seed(7)) for p in learnt]
    expected = sum(float((p.grad * d).sum()) for p, d in zip(learnt, way, strict=True))
    found = []
    for step in (1e-4, -2e-4):
        with torch.no_grad():
            for parameter, direction in zip(learnt, way, strict=True):
                parameter += step * direction
            found.append(float(apart(student, judge, part)))
    assert (found[0] - found[1]) / 2e-4 == pytest.approx(expected, rel=2e-2)


@pytest.mark.parametrize("share", [True, False])
def test_a_pack_says_what_its_rows_say_one_by_one(share):
    student, judge = model(5), matching(model(6, layers=4))
    together = float(apart(student, judge, pack(rows(), share=share)).detach())
    parts = judge.take()
    one_by_one = sum(float(apart(student, judge, pack([row]))) for row in rows())
    assert together == pytest.approx(one_by_one, rel=1e-4)
    assert judge.take() == pytest.approx(parts, rel=1e-4)
    assert set(parts) == {"hidden_loss", "attention_loss"}
    assert judge.take() == {}


def test_a_student_like_its_teacher_is_at_no_distance_and_feels_no_pull():
    student = model(5)
    found = apart(student, matching(model(5), ((0, 0), (1, 1))), pack(rows()))
    assert float(found) == pytest.approx(0, abs=1e-3)
    found.backward()
    assert max(float(p.grad.abs().max()) for p in student.parameters() if p.grad is not None) < 1e-3


def test_only_tokens_that_are_learnt_count():
    """What a row says after its answer, or another row beside it, changes nothing."""
    student, judge = model(5), matching(model(6, layers=4))
    first, *_others = rows()
    longer = Example([*first.ids, 9, 9, 9], [*first.labels, IGNORED, IGNORED, IGNORED])
    assert float(apart(student, judge, pack([longer]))) == pytest.approx(
        float(apart(student, judge, pack([first]))), rel=1e-4
    )


def test_attention_needs_neither_the_same_width_nor_the_same_heads():
    torch.manual_seed(2)
    wide = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=96,
            intermediate_size=96,
            num_hidden_layers=3,
            num_attention_heads=6,
            num_key_value_heads=3,
            max_position_embeddings=512,
        )
    )
    assert packing.prepare(wide, rows())
    judge, student = matching(wide, hidden=0.0), model(5)
    optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = apart(student, judge, pack(rows()))
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.8 * losses[0]
    assert set(judge.take()) == {"attention_loss"}


def test_a_student_with_other_ids_of_the_same_tokens_meets_a_teacher_that_reads_its_own():
    teacher, order = (
        model(6, layers=4),
        torch.randperm(VOCABULARY, generator=torch.Generator().manual_seed(1)),
    )
    renumbered = model(6, layers=4)
    with torch.no_grad():
        renumbered.get_input_embeddings().weight[:] = teacher.get_input_embeddings().weight[order]
    pairs = layer_pairs(4, 4)
    part = pack(rows())
    assert float(apart(renumbered, matching(teacher, pairs, carried=order), part)) < 1e-2
    assert float(apart(renumbered, matching(teacher, pairs), part)) > 1


def test_gradients_are_the_same_where_activations_are_computed_twice():
    found = []
    for twice in (False, True):
        student = model(5).train()
        if twice:
            student.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        part = pack(rows())
        with packed_attention.attention.rows(part):
            apart(student, matching(model(6, layers=4)), part).backward()
        found.append([p.grad for p in student.parameters() if p.grad is not None])
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize(
    ("student", "teacher", "kept", "expected"),
    [
        (3, 6, (0, 2, 5), [1, 4, 5]),  # what comes before the next kept one
        (4, 4, (), [0, 1, 2, 3]),
        (2, 6, (), [2, 5]),
        (6, 3, (), [0, 0, 1, 1, 1, 2]),
    ],
)
def test_each_layer_has_its_counterpart(student, teacher, kept, expected):
    assert layer_pairs(student, teacher, kept) == tuple(enumerate(expected))
