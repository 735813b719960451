"""Whether a teacher helps where there are few labels and many prompts without any.

Twelve of the teacher's thirty layers learn in two ways, from the same start, in the same number of steps,
with three seeds: from 231 labelled rows (three an intent), and from 1,500 further prompts of which only the
teacher knows the answers; the published labels of those are not used. All are measured on the same 1,000 of
the published test rows.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from core.data import starter
from core.recipes import distill_report
from tests.bench import headline

pytestmark = [pytest.mark.bench, pytest.mark.timeout(2 * 3600)]
AN_INTENT, TEST_ROWS, STEPS, SEEDS = 3, 1000, 180, (17, 18, 19)
LEARNING = [
    "--method", "full", "--set", f"max_steps={STEPS}", "--set", "batch_size=8", "--set", "learning_rate=3e-4",
    "--set", "sample_prompts=0", "--set", "validate_every=90", "--set", "checkpoint_every=90",
]  # fmt: skip


def few(folder: Path) -> Path:
    """The first rows of each intent among the starter's."""
    seen: Counter[str] = Counter()
    with open(starter.train(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path = folder / "few.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        for row in rows:
            seen[row["category"]] += 1
            if seen[row["category"]] <= AN_INTENT:
                writer.writerow(row)
    return path


def test_a_teacher_beats_few_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headline.require_teacher()
    quantized = f"{headline.TEACHER}-int8"
    headline.require(quantized, "model", "quantize", headline.TEACHER, "--recipe", "int8")
    headline.require_data("few-labels", few(tmp_path), headline.ALL_TEST)
    headline.require_data("more-prompts", headline.MORE, headline.ALL_TEST)
    headline.require(
        "taught-prompts", "dataset", "generate", "--teacher", quantized, "--data", "more-prompts",
        "--set", "rows=1500", "--set", "temperature=0", "--set", "max_new_tokens=24",
        "--set", "drop_near_duplicates=",
    )  # fmt: skip
    headline.require(
        "twelve-layers", "model", "prune", headline.TEACHER, "--data", headline.STARTER, "--set",
        "keep_layers=12", "--set", "vocabulary=data",
    )  # fmt: skip
    models = []
    for seed in SEEDS:
        learning = [*LEARNING, "--set", f"seed={seed}"]
        headline.require(
            f"by-labels-{seed}", "model", "finetune", "--model", "twelve-layers", "--data", "few-labels",
            *learning,
        )  # fmt: skip
        headline.require(
            f"by-teacher-{seed}", "model", "distill", "--student", "twelve-layers", "--teacher",
            headline.TEACHER, "--data", "taught-prompts", *learning,
        )  # fmt: skip
        models += [f"by-labels-{seed}", f"by-teacher-{seed}"]
    name = "labels-evaluation"
    headline.require(
        name, "report", "evaluate", *models, "--data", "few-labels", "--set", f"limit={TEST_ROWS}", "--set",
        "latency_prompts=1",
    )  # fmt: skip
    report, answers = headline.stored(name)
    ids = {item["model"]: (item["id"], item["model"]) for item in report["models"]}
    tests = [
        distill_report.paired(answers, ids[f"by-teacher-{seed}"], ids[f"by-labels-{seed}"]) for seed in SEEDS
    ]
    with capsys.disabled():
        print(f"\n{report['rows']} test rows, {STEPS} steps each")
        for item in report["models"]:
            print(f"{item['model']:<16} {item['quality']['accuracy']:.1%} {item['quality']['ci95']}")
        for test in tests:
            print(
                f"{test.first} against {test.second}: {test.only_first} to {test.only_second}, p {test.p:.2g}"
            )
    assert all(test.only_first > test.only_second and test.p < 0.05 / len(SEEDS) for test in tests)
