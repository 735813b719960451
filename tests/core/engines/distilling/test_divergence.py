from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from core.engines.distilling import soft
from core.engines.distilling.divergence import Teaching, _seen_through, distance
from core.engines.distilling.soft import ABSENT, Lesson, Soft

KINDS = ("forward_kl", "reverse_kl", "jensen_shannon")
VOCABULARY = 40


def logits(seed, rows=6, vocabulary=VOCABULARY, scale=3.0):
    return torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(seed)) * scale


def told(teacher, top_k, temperature=1.0):
    ids, logs, tail = soft.coarsen(teacher, top_k, temperature)
    return Soft(ids, logs, tail, torch.ones(len(ids), dtype=torch.bool))


def whole(teacher, student, kind, temperature):
    """By torch's own divergence over the whole vocabulary."""
    theirs = torch.log_softmax(teacher / temperature, -1)
    ours = torch.log_softmax(student / temperature, -1)

    def kl(first, second):
        return functional.kl_div(second, first, log_target=True, reduction="none").sum(-1)

    middle = torch.log((theirs.exp() + ours.exp()) / 2)
    found = {
        "forward_kl": kl(theirs, ours),
        "reverse_kl": kl(ours, theirs),
        "jensen_shannon": (kl(theirs, middle) + kl(ours, middle)) / 2,
    }
    return found[kind] * temperature**2


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("kind", KINDS)
def test_with_all_tokens_kept_it_is_the_divergence_itself(kind, temperature):
    teacher, student = logits(1), logits(2)
    found = distance(student, told(teacher, VOCABULARY - 1, temperature), kind, temperature)
    assert torch.allclose(found, whole(teacher, student, kind, temperature), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_less_kept_never_says_more(kind):
    """Looking at two distributions through fewer classes cannot make them more different."""
    teacher, student = logits(3), logits(4)
    exact = whole(teacher, student, kind, 1.0)
    for top_k in (1, 5, 20):
        assert (distance(student, told(teacher, top_k), kind, 1.0) <= exact + 1e-4).all()


@pytest.mark.parametrize("kind", [*KINDS, "universal"])
def test_a_student_like_its_teacher_is_at_no_distance_and_feels_no_pull(kind):
    teacher = logits(5)
    student = teacher.clone().requires_grad_()
    found = distance(student, told(teacher, 8, 2.0), kind, 2.0)
    assert torch.allclose(found, torch.zeros(6), atol=1e-4)
    if kind != "universal":  # an absolute value has no one slope at zero
        found.sum().backward()
        assert student.grad.abs().max() < 1e-4


@pytest.mark.parametrize("kind", [*KINDS, "universal"])
def test_following_the_gradient_brings_the_student_nearer(kind):
    lesson = told(logits(6), 8, 2.0)
    student = logits(7).requires_grad_()
    before = distance(student, lesson, kind, 2.0).sum()
    before.backward()
    after = distance(student.detach() - 0.05 * student.grad, lesson, kind, 2.0).sum()
    assert after < before


def test_tokens_that_the_student_does_not_have_count_as_all_others():
    teacher, student = logits(8), logits(9)
    full = told(teacher, 6)
    fewer = Soft(full.ids.clone(), full.logs, full.tail, full.known)
    fewer.ids[:, 4:] = ABSENT
    four = told(teacher, 4)
    assert torch.allclose(
        distance(student, fewer, "forward_kl", 1.0), distance(student, four, "forward_kl", 1.0), atol=1e-5
    )


def test_where_no_teacher_speaks_the_label_alone_counts():
    student, labels = logits(10), torch.arange(6)
    quiet = Lesson(labels, (soft.silence(6),))
    found = Teaching("forward_kl", 2.0, 0.2).each(student, quiet)
    assert torch.allclose(found, functional.cross_entropy(student, labels, reduction="none"))
    assert torch.isfinite(found).all()


def test_two_teachers_count_by_weight():
    student, labels = logits(11), torch.arange(6)
    one, two = told(logits(12), 8), told(logits(13), 8)
    apart = [distance(student, item, "forward_kl", 1.0) for item in (one, two)]
    both = Teaching("forward_kl", 1.0, 0.0, (3.0, 1.0)).each(student, Lesson(labels, (one, two)))
    assert torch.allclose(both, 0.75 * apart[0] + 0.25 * apart[1], rtol=1e-5)
    quiet = soft.joined([two[slice(0, 2)], soft.silence(4)])
    mixed = Teaching("forward_kl", 1.0, 0.0, (3.0, 1.0)).each(student, Lesson(labels, (one, quiet)))
    assert torch.allclose(mixed[2:], apart[0][2:], rtol=1e-5)


def test_the_parts_add_up():
    teaching = Teaching("forward_kl", 1.0, 0.25)
    teacher = logits(14)
    student = teacher.clone()
    student[0] = -student[0]
    lesson = Lesson(teacher.argmax(-1), (told(teacher, 8),))
    total = teaching.each(student, lesson).mean()
    parts = teaching.parts.take()
    assert float(total) == pytest.approx(0.25 * parts["label_loss"] + 0.75 * parts["teacher_loss"], rel=1e-4)
    assert parts["agreement"] == pytest.approx(5 / 6)
    assert parts["retention"] == pytest.approx(5 / 6), "the teacher gets all six right"
    assert teaching.parts.take() == {}


@pytest.mark.parametrize(("vocabulary", "most"), [(49_152, 63), (65_536, 63), (151_936, 42), (10, 9)])
def test_a_token_stays_within_its_bytes(vocabulary, most):
    kept = soft.entries(1000, vocabulary)
    assert kept == most
    each = (2 if vocabulary <= 65_536 else 4) + 2
    assert kept * each + 6 <= soft.BYTES_A_TOKEN


def by_torch(student, seen, temperature):
    """What the student says of the teacher's tokens and of all others, by torch's own operations."""
    logs = torch.log_softmax(student / temperature, dim=-1)
    padded = functional.pad(logs, (0, 1), value=float("-inf"))
    ids = seen.ids.where(seen.ids != ABSENT, student.shape[1])
    others = padded.scatter(1, ids, float("-inf")).logsumexp(-1, keepdim=True)
    return torch.cat([padded.gather(1, ids), others], dim=1)


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_what_the_student_says_has_the_gradient_that_torch_finds(temperature, absent):
    seen = told(logits(15), 8, temperature)
    if absent:
        seen.ids[:3, 5:] = ABSENT
        seen.ids[3] = ABSENT
    pull = torch.randn(6, 9, generator=torch.Generator().manual_seed(16))
    found = []
    for way in (
        lambda student: by_torch(student, seen, temperature),
        lambda student: _seen_through(student / temperature, seen.ids, seen.ids == ABSENT),
    ):
        student = logits(17).requires_grad_()
        said = way(student)
        (said.clamp(min=-1e4) * pull).sum().backward()
        found.append((said.detach(), student.grad))
    assert torch.allclose(found[1][0], found[0][0], atol=1e-5)
    assert torch.allclose(found[1][1], found[0][1], atol=1e-5)


def test_a_student_sure_of_the_teachers_tokens_has_finite_gradients():
    student = logits(18)
    seen = told(student, 8)
    student.scatter_(1, seen.ids, 200.0).requires_grad_()
    distance(student, seen, "forward_kl", 1.0).sum().backward()
    assert torch.isfinite(student.grad).all()


def test_labels_that_do_not_count_are_told_and_pull_nowhere():
    student, labels = logits(19).requires_grad_(), torch.arange(6)
    teaching = Teaching("forward_kl", 1.0, 0.0)
    seen = told(logits(20), 8)
    teaching.each(student, Lesson(labels, (seen,))).sum().backward()
    pulled, student.grad = student.grad, None
    distance(student, seen, "forward_kl", 1.0).sum().backward()
    assert torch.equal(pulled, student.grad)
    expected = functional.cross_entropy(student.detach(), labels)
    assert teaching.parts.take()["label_loss"] == pytest.approx(float(expected))
