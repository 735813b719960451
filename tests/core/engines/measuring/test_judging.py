"""A judge rates the answers: equal ones once, unreadable replies counted; a failure ends only the rating."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.engines.measuring import judging
from core.engines.measuring.judging import Marks
from core.engines.measuring.quality import Said
from core.engines.measuring.rows import Question
from core.specs import EvaluateSpec
from tests.core.endpoint_server import EndpointServer, status
from tests.core.engines import tiny
from tests.core.engines.generating.rooms import endpoint_folder

Answers = list[dict[int, Said]]


def questions(count: int) -> list[Question]:
    return [
        Question(
            row, ({"role": "user", "content": f"q{row}"}, {"role": "assistant", "content": f"right {row}"})
        )
        for row in range(count)
    ]


def answers(*texts: list[str]) -> Answers:
    return [{row: Said(text, f"right {row}", 1.0, 2) for row, text in enumerate(own)} for own in texts]


def rated(
    root: Path, said: Answers, answer: Callable[[list[dict[str, str]]], str], **settings: Any
) -> tuple[judging.Verdict, EndpointServer, list[dict[str, Any]]]:
    """What an endpoint says of answers."""
    server = EndpointServer(answer=answer)
    server.faults = settings.pop("faults", [])
    with server.serve() as url:
        far = endpoint_folder(root / "far", url, price_in=1000.0, price_out=10_000.0)
        job, out = tiny.job(root / "run", j=far, d=root)
        job.take({"cmd": "key", "of": "j", "key": "sk-secret"})
        spec = EvaluateSpec(models=("a", "b"), data="d", judge="j", **settings)
        found = judging.rate(spec, job, said, questions(max(map(len, said))))
    return found, server, [json.loads(line) for line in out.getvalue().splitlines()]


def test_marks_are_averaged_and_equal_answers_are_rated_once(tmp_path: Path) -> None:
    said = answers(["good", "good", "poor", "poor"], ["good", "good", "good", "odd"])

    def mark(messages: list[dict[str, str]]) -> str:
        text = messages[-1]["content"]
        assert "A right answer:\nright" in text
        assert messages[0]["content"] == "Be strict."
        return "no idea" if "odd" in text else "Mark: 5" if "Answer:\ngood" in text else "2 of 5"

    found, server, _ = rated(tmp_path, said, mark, rubric="Be strict.")

    first, second = found.marks
    assert first.by_row == {0: 5, 1: 5, 2: 2, 3: 2}
    assert (second.by_row, second.unread) == ({0: 5, 1: 5, 2: 5}, 1)
    assert len(server.asked) == 6, "two answers were equal"
    assert found.judge.host.startswith("127.0.0.1")
    assert (found.judge.rubric, found.judge.cost) == ("Be strict.", pytest.approx(6 * 0.2))
    figures = judging.figures(first)
    assert (figures["judge_score"], figures["judge_rows"]) == (3.5, 4)
    low, high = figures["judge_ci95"]
    assert 2 <= low < 3.5 < high <= 5
    change = judging.change(first, second)
    assert change is not None
    assert change.value == pytest.approx(1)


def test_only_some_rows_are_rated_and_they_are_spread(tmp_path: Path) -> None:
    said = answers([f"a{row}" for row in range(9)])
    found, server, _ = rated(tmp_path, said, lambda _: "3", judge_rows=3)
    assert set(found.marks[0].by_row) == {0, 3, 6}
    assert len(server.asked) == 3


def test_a_judge_that_fails_ends_only_the_rating(tmp_path: Path) -> None:
    said = answers(["a", "b"])
    found, _, events = rated(tmp_path, said, lambda _: "3", faults=[status(401, "no")] * 9)
    assert judging.figures(found.marks[0]) == {"judge_rows": 0, "judge_unread": 0}
    (warning,) = [event["text"] for event in events if event["ev"] == "warning"]
    assert warning.startswith("The judge rated no more answers.")
    assert "sk-secret" not in json.dumps(events)


def test_models_without_a_row_in_common_are_not_compared() -> None:
    assert judging.change(Marks({1: 5}), Marks({2: 5})) is None
