"""Will it fit: what the check says against what the fine-tuning then takes, on a grid of twelve.

Each cell asks `fit finetune` (the formula, then its dry run) and then fine-tunes. Beside what the dry run
says stands what was said before it: the formula, corrected by the runs of the cells before.
"""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import pytest

from core.data import starter
from tests.core.cli.terminal import Terminal

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]
METHODS, LENGTHS, BATCHES = ("lora", "qlora", "full"), {"short": 1, "long": 4}, (4, 16)
STEPS = 6
HEAD = (
    f"{'cell':<18}{'memory said':>12}{'taken':>8}{'off':>7}{'before':>9}   "
    f"{'time said':>9}{'taken':>8}{'off':>7}{'before':>9}"
)
MEMORY_WITHIN, TIME_WITHIN, REPEATS = 0.10, 0.20, 3


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A workspace with the starter model, and questions of one sentence and of several."""
    folder = tmp_path_factory.mktemp("fit")
    made = Terminal(folder / "work")
    made.must("models", "add", "starter", "--name", "starter")
    for name, sentences in LENGTHS.items():
        made.must("data", "add", str(_questions(folder / f"{name}.csv", sentences)), "--name", name)
    return made


def _questions(path: Path, sentences: int) -> Path:
    """Banking77's questions, several joined into one row, answered with the label of the first."""
    with open(starter.train(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "label"])
        for start in range(0, 400 * sentences, sentences):
            some = [rows[at % len(rows)] for at in range(start, start + sentences)]
            writer.writerow([" ".join(row["text"] for row in some), some[0]["category"]])
    return path


def _seconds(run: dict) -> float:
    return run["ended_at"] - run["started_at"]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("method", METHODS)
def test_the_check_says_what_training_then_takes(
    terminal: Terminal, method: str, length: str, batch: int, capsys
) -> None:
    cell = f"{method}-{length}-{batch}"
    wanted = [
        "--model", "starter", "--data", length, "--method", method,
        "--set", f"batch_size={batch}", "--set", f"max_steps={STEPS}", "--json",
    ]  # fmt: skip
    said = terminal.run("fit", "finetune", *wanted, "--name", f"{cell}-fit", timeout=1800)
    assert said.code == 0, said.err
    runs = []
    for number in range(REPEATS):
        done = terminal.run("finetune", *wanted, "--name", f"{cell}-{number}", timeout=1800)
        assert done.code == 0, done.err
        runs.append(done.json)
    memory = statistics.median(run["result"]["peak_rss_bytes"] for run in runs)
    seconds = statistics.median(map(_seconds, runs))
    answer, formula = said.json, said.json["predicted"]
    told_memory, told_seconds = answer["measured"]["memory_bytes"], answer["seconds"]["total"]
    off_memory, off_time = told_memory / memory - 1, told_seconds / seconds - 1
    with capsys.disabled():
        print(
            f"\n{HEAD}\n{cell:<18}{told_memory / 1e6:>9.0f} MB{memory / 1e6:>8.0f}{off_memory:>+7.0%}"
            f"{formula['memory_bytes']['total'] / memory - 1:>+9.0%}   {told_seconds:>7.0f} s{seconds:>8.0f}"
            f"{off_time:>+7.0%}{formula['seconds']['total'] / seconds - 1:>+9.0%}"
        )
    assert abs(off_memory) <= MEMORY_WITHIN
    assert abs(off_time) <= TIME_WITHIN
