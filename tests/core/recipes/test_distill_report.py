"""What the report says distilling was worth."""

from __future__ import annotations

import pytest

from core.recipes.distill_report import Paired, goals, lines, mcnemar, paired, sentence


def model(name, right, *, answer_ms=500.0, memory=1_200_000_000, disk=296_000_000, kind="hf"):
    return {
        "model": name,
        "id": f"id-{name}",
        "kind": kind,
        "quality": {"accuracy": right, "n": 300, "ci95": [0.0, 1.0]},
        "latency_ms": {"total_p50": answer_ms},
        "peak_rss_bytes": memory,
        "bytes_on_disk": disk,
    }


REPORT = {
    "models": [
        model("teacher", 0.8),
        model("teacher-int8", 0.79, answer_ms=100, disk=161_000_000, kind="onnx"),
        model("student-int8", 0.76, answer_ms=50, memory=240_000_000, disk=74_000_000, kind="onnx"),
    ]
}


NUMBERS = 134_500_000


def test_everything_is_measured_against_the_teacher():
    teacher, _merely, student = lines(REPORT, NUMBERS)
    assert (teacher.kept, teacher.time, teacher.memory, teacher.disk) == (1.0, 0.0, 0.0, 0.0)
    assert student.kept == pytest.approx(0.95)
    assert student.time == pytest.approx(-0.9)
    assert student.memory == pytest.approx(-0.8)
    assert student.disk == pytest.approx(-0.75)
    assert student.run_disk == pytest.approx(74 / 538 - 1)
    assert student.answers_an_hour == pytest.approx(72_000)
    assert student.cost_of_1000 == pytest.approx(0.08 / 72)


@pytest.mark.parametrize(
    ("one", "other", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 6, 2 / 64), (1, 9, 22 / 1024), (10, 0, 2 / 1024)]
)
def test_the_paired_test_is_the_exact_one(one, other, p):
    assert mcnemar(one, other) == pytest.approx(p)
    assert mcnemar(other, one) == pytest.approx(p)


def test_rows_are_compared_one_by_one():
    answers = [
        {"expected": "a", "answers": {"x": "a", "y": "b"}},
        {"expected": "a", "answers": {"x": "a ", "y": "a"}},
        {"expected": "b", "answers": {"x": "", "y": "b"}},
        {"expected": "b", "answers": {"x": "b", "y": "c"}},
    ]
    assert paired(answers, ("x", "X"), ("y", "Y")) == Paired("X", "Y", 2, 1, 1.0)


def test_the_sentence_says_whether_the_teacher_helped_and_the_size_paid():
    found = lines(REPORT, NUMBERS)
    chance = sentence(found, "student-int8", "teacher-int8", Paired("student", "labels", 6, 4, 0.75))
    assert "keeps 95% of its teacher's right answers at 86% fewer bytes" in chance
    assert "smaller and faster than the teacher merely quantized" in chance
    assert "within chance" in chance
    sure = sentence(found, "student-int8", "teacher-int8", Paired("student", "labels", 3, 19, 0.001))
    assert "labels is better than chance explains" in sure
    assert "not better than the teacher merely" in sentence(
        found, "teacher-int8", "student-int8", Paired("a", "b", 0, 0, 1.0)
    )


def test_goals_are_said_to_be_reached_only_where_they_are():
    found = lines(REPORT, NUMBERS)
    said = {(goal.model, goal.what): goal.reached for goal in goals(found, "student-int8", "teacher-int8")}
    assert said == {
        ("student-int8", "right answers kept"): True,
        ("student-int8", "median time of an answer"): True,
        ("student-int8", "memory of the process"): True,
        ("student-int8", "bytes, against the teacher in fp32"): True,
        ("teacher-int8", "bytes, against the teacher in fp32"): False,
    }
    assert len(goals(found, "student-int8", None)) == 4
