"""What distilling was worth, in figures and in a sentence: beside its teacher, the labels, and a promise."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from core.recipes import details
from core.recipes.demo_distill import Outcome
from core.recipes.report import measure_of, trade_picture
from core.workspace import durable
from core.workspace.workspace import Workspace

#: What a course on small models promises for a customer-support case, as shares of the teacher's.
COURSE = {"kept": 0.92, "time": -0.85, "memory": -0.95, "cost": -0.60}
#: What the demo sets out to reach, as shares of the teacher's: the student that is to answer as well, and the
#: smallest one. Bytes are held against the teacher's numbers in fp32, as it is run.
KEEP_GOALS = {"kept": 0.95, "time": -0.85, "memory": -0.75, "run_disk": -0.80}
SMALLEST_GOALS = {"run_disk": -0.90}
_GOAL_WORDS = {
    "kept": "right answers kept",
    "time": "median time of an answer",
    "memory": "memory of the process",
    "run_disk": "bytes, against the teacher in fp32",
}
#: Dollars an hour of a rented machine with two cores: turns time into money, the same for all models.
PRICE_AN_HOUR = 0.08


@dataclass(frozen=True)
class Line:
    """One model beside the teacher; times in milliseconds, money in dollars, changes as shares.

    `disk` is against the teacher's files, `run_disk` against its numbers in fp32.
    """

    model: str
    right: float
    kept: float
    answer_ms: float
    time: float
    memory_bytes: int
    memory: float
    bytes_on_disk: int
    disk: float
    run_disk: float
    answers_an_hour: float
    cost_of_1000: float


@dataclass(frozen=True)
class Paired:
    """Two models on the same rows: how many only one of them got right, and the chance of that by luck.

    `p` is of McNemar's exact test: how often as uneven a split comes about when both are equally good.
    """

    first: str
    second: str
    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class Goal:
    """What a student was to reach, and what it did."""

    model: str
    what: str
    wanted: float
    got: float
    reached: bool


def goals(found: list[Line], student: str, smallest: str | None) -> list[Goal]:
    """What the demo sets out to reach, each with what came of it."""
    by_name = {line.model: line for line in found}
    wishes = [(student, KEEP_GOALS), *([(smallest, SMALLEST_GOALS)] if smallest else [])]
    return [
        Goal(name, _GOAL_WORDS[key], wanted, got, got >= wanted if key == "kept" else got <= wanted)
        for name, wanted_of in wishes
        for key, wanted in wanted_of.items()
        for got in (float(getattr(by_name[name], key)),)
    ]


def lines(report: dict[str, Any], teacher_numbers: int) -> list[Line]:
    """Every model of the report beside the first, which is the teacher.

    Args:
        report: The evaluation's report.
        teacher_numbers: How many numbers the teacher has; each takes four bytes where it is run in fp32.
    """
    teacher, found = report["models"][0], []
    for item in report["models"]:
        answer = item["latency_ms"]["total_p50"]
        hours = 1 / ((item.get("timing") or {}).get("answers_an_hour") or 3_600_000 / answer)
        found.append(
            Line(
                model=item["model"],
                right=measure_of(item),
                kept=measure_of(item) / max(measure_of(teacher), 1e-9),
                answer_ms=answer,
                time=answer / teacher["latency_ms"]["total_p50"] - 1,
                memory_bytes=item["peak_rss_bytes"],
                memory=item["peak_rss_bytes"] / teacher["peak_rss_bytes"] - 1,
                bytes_on_disk=item["bytes_on_disk"],
                disk=item["bytes_on_disk"] / teacher["bytes_on_disk"] - 1,
                run_disk=item["bytes_on_disk"] / (4 * teacher_numbers) - 1,
                answers_an_hour=1 / hours,
                cost_of_1000=1000 * hours * PRICE_AN_HOUR,
            )
        )
    return found


def paired(answers: list[dict[str, Any]], first: tuple[str, str], second: tuple[str, str]) -> Paired:
    """Compares two models, each given as id and name, row by row."""

    def right(row: dict[str, Any], model: str) -> bool:
        return str(row["answers"].get(model, "")).strip() == str(row["expected"]).strip()

    only_first = sum(right(row, first[0]) and not right(row, second[0]) for row in answers)
    only_second = sum(right(row, second[0]) and not right(row, first[0]) for row in answers)
    return Paired(first[1], second[1], only_first, only_second, mcnemar(only_first, only_second))


def mcnemar(one: int, other: int) -> float:
    """Exact two-sided p (McNemar 1947): a fair coin's chance to fall at least as unevenly."""
    total, fewer = one + other, min(one, other)
    tail = sum(math.comb(total, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**total))


def sentence(found: list[Line], student: str, quantized: str, test: Paired) -> str:
    """What came of it, the teacher merely quantized beside it."""
    by_name = {line.model: line for line in found}
    own, merely = by_name[student], by_name[quantized]
    beside = "smaller and faster" if own.disk < merely.disk and own.time < merely.time else "not better"
    if test.p < 0.05:
        better = test.first if test.only_first > test.only_second else test.second
        teaching = f"{better} is better than chance explains (p = {test.p:.3f})"
    else:
        teaching = "that difference is within chance"
    return (
        f"{student} keeps {own.kept:.0%} of its teacher's right answers at {-own.run_disk:.0%} fewer bytes "
        f"than the teacher as it is run, "
        f"{-own.memory:.0%} less memory and {-own.time:.0%} less time an answer; that is {beside} than the "
        f"teacher merely quantized ({-merely.run_disk:.0%} fewer bytes, {-merely.time:.0%} less time, "
        f"{merely.kept:.0%} kept). Of the rows that only one of {test.first} and {test.second} got right, "
        f"{test.only_first} went to the first and {test.only_second} to the second: {teaching}."
    )


def write(
    workspace: Workspace, outcome: Outcome, name: str, student: str, smallest: str | None
) -> tuple[Path, dict[str, Any]]:
    """Writes the report below the workspace. Returns the page and what is in it.

    Args:
        workspace: Where.
        outcome: What was made.
        name: The report's folder.
        student: Name of the model that is put beside its teacher in a sentence.
        smallest: Name of the smallest one, if one was made.
    """
    # Slow to import, and serves nothing else of the command line.
    from jinja2 import Environment, StrictUndefined

    folder = workspace.root / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    models = outcome.report["models"]
    found = lines(outcome.report, outcome.teacher_numbers)
    reached = goals(found, student, smallest)
    ids = {item["model"]: (item["id"], item["model"]) for item in models}
    labels = next(item for item in ids if "-labels" in item)
    distilled = labels.replace("-labels", "")
    quantized = next(item["model"] for item in models[1:] if item["kind"] == "onnx")
    test = paired(outcome.answers, ids[distilled], ids[labels])
    content: dict[str, Any] = {
        "sentence": sentence(found, student, quantized, test),
        "use": student,
        "lines": [asdict(line) for line in found],
        "labels_or_teacher": asdict(test),
        "goals": [asdict(goal) for goal in reached],
        "teacher_fp32_bytes": 4 * outcome.teacher_numbers,
        "course": COURSE,
        "price_an_hour": PRICE_AN_HOUR,
        "seconds": round(outcome.seconds, 1),
        "steps": {key: round(value, 1) for key, value in outcome.steps},
        **outcome.report,
    }
    template = resources.files("resources.report").joinpath("distill.html.j2").read_text(encoding="utf-8")
    page = (
        Environment(autoescape=True, undefined=StrictUndefined)
        .from_string(template)
        .render(
            content=content,
            lines=found,
            course=COURSE,
            trade=trade_picture(models),
            details=details.page(models, student),
        )
    )
    durable.write_text(folder / "report.html", page)
    durable.write_json(folder / "report.json", content)
    return folder / "report.html", content
