from __future__ import annotations

import pytest

from core.models import nearness


@pytest.mark.parametrize(
    ("agreement", "retention", "far"),
    [(0.54, 0.56, True), (0.75, 0.75, True), (0.967, 0.981, False), (0.85, 0.97, False), (0.2, None, True)],
)
def test_a_student_is_far_that_loses_what_its_teacher_gets_right(agreement, retention, far):
    result = {"teacher_agreement": agreement, "teacher_retention": retention}
    found = nearness.of_result("distill", "succeeded", result)
    assert found is not None
    assert found.is_far is far


def test_no_one_knows_how_near_it_is_without_validation_rows():
    assert nearness.of_result("distill", "succeeded", {"steps": 3}) is None


def test_learning_longer_doubles_what_ended_it():
    assert nearness.longer({"epochs": 3.0}) == {"epochs": 6.0}
    assert nearness.longer({"epochs": 80.0, "max_steps": 60}) == {"epochs": 100.0, "max_steps": 120}


def test_it_is_said_in_a_sentence():
    found = nearness.of_result("distill", "succeeded", {"teacher_agreement": 0.54, "teacher_retention": 0.61})
    assert found is not None
    assert "the same at 54% of the places" in nearness.sentence(found)
    assert "61% of what its teacher gets right" in nearness.sentence(found)
