"""What distilling is worth on the starter data, on all 3,080 published test rows of Banking77.

It runs `demo --distill`, then measures what that made on the larger test set in one run, and prints every
figure beside what was set out and what a course on small models promises.
"""

from __future__ import annotations

import pytest

from core.recipes import distill_report
from tests.bench import headline

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3 * 3600)]
TEACHER_AT_LEAST, ROWS = 0.80, 3080
STUDENT, SMALLEST, QUANTIZED = "demo-student-int8", "demo-smallest-int8", "demo-teacher-int8"
#: The teacher first. The cut, untaught student gets next to nothing right, which the demo's own rows show.
MODELS = [
    headline.TEACHER, QUANTIZED, "demo-student-labels", "demo-student", STUDENT, SMALLEST,
]  # fmt: skip
TEACHER_NUMBERS = 134_515_008


def test_a_student_keeps_what_its_teacher_knows(capsys: pytest.CaptureFixture[str]) -> None:
    headline.require_demo()
    name = "headline-evaluation"
    headline.require(
        name, "report", "evaluate", *MODELS, "--data", headline.full_data(), timeout=2 * 3600.0
    )  # fmt: skip
    report, answers = headline.stored(name)
    found = distill_report.lines(report, TEACHER_NUMBERS)
    ids = {item["model"]: (item["id"], item["model"]) for item in report["models"]}
    test = distill_report.paired(answers, ids["demo-student"], ids["demo-student-labels"])
    goals = distill_report.goals(found, STUDENT, SMALLEST)
    course = distill_report.COURSE
    with capsys.disabled():
        print(f"\n{report['rows']} test rows")
        for line in found:
            print(
                f"{line.model:<20} {line.right:6.1%} right, {line.kept:4.0%} kept, {line.answer_ms:6.1f} ms "
                f"({line.time:+.1%}), {line.memory_bytes / 1e6:5.0f} MB ({line.memory:+.1%}), "
                f"{line.bytes_on_disk / 1e6:4.0f} MB on disk ({line.run_disk:+.1%}), "
                f"{line.answers_an_hour:7.0f} answers an hour, ${line.cost_of_1000:.4f} a thousand"
            )
        print(
            f"{'a course promises':<20} {course['kept']:.0%} kept, time {course['time']:+.0%}, memory "
            f"{course['memory']:+.0%}, cost {course['cost']:+.0%}"
        )
        print(f"{test.first} against {test.second}: {test.only_first} to {test.only_second}, p {test.p:.3g}")
        for goal in goals:
            print(f"{'reached' if goal.reached else 'NOT':<8}{goal.model}: {goal.what} {goal.got:.1%}")
    student, merely = (next(line for line in found if line.model == name) for name in (STUDENT, QUANTIZED))
    assert report["rows"] == ROWS
    assert found[0].right >= TEACHER_AT_LEAST
    assert all(goal.reached for goal in goals), [goal for goal in goals if not goal.reached]
    assert student.run_disk < merely.run_disk
    assert student.answer_ms < merely.answer_ms
