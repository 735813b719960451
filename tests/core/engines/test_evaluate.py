"""Models are measured side by side, each in a process of its own, and a stop keeps what there is."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.engines import evaluate
from core.engines.measuring import child
from core.engines.measuring.task import Answered, Finished, Task
from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Source
from core.errors import JobError
from core.models import verdict
from core.models.report import EvaluationReport
from core.specs import EvaluateSpec
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.data_folder(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture
def task(source: Path) -> Task:
    spoken = dialect.load(source)
    prompt = tuple(spoken.prompt([{"role": "user", "content": "hi"}]))
    return Task(Source("hf", source, (), spoken.stop_ids, 1), (prompt,) * 4, ((5, 2),) * 4, 4, 2, (0,))


def test_two_models_give_a_report_with_every_answer(source: Path, data: Path, tmp_path: Path) -> None:
    job, out = tiny.job(tmp_path / "run", a=source, b=source, d=data)

    evaluate.run(EvaluateSpec(models=("a", "b"), data="d", max_new_tokens=6, latency_prompts=3), job)

    folder = job.folder / "out" / "report"
    report = EvaluationReport.model_validate_json((folder / "report.json").read_bytes())
    lines = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert report.complete
    assert job.final_state == "succeeded"
    first, second = report.models
    assert first.quality == second.quality
    assert first.quality.accuracy is not None
    assert first.quality.n == report.rows == len(lines)
    assert first.quality.perplexity is not None
    assert first.quality.perplexity > 1
    assert first.latency_ms is not None
    assert first.latency_ms.ttft_p50 <= first.latency_ms.total_p50
    assert first.peak_rss_bytes is not None
    assert first.peak_rss_bytes > 50_000_000
    assert set(lines[0]["answers"]) == set(lines[0]["scores"]) == {"a", "b"}
    assert sum(line["scores"]["a"][0] for line in lines) == first.quality.accuracy * len(lines)
    assert first.quality.labels is not None
    assert {row.label for row in first.quality.labels} == set(tiny.INTENTS)
    assert first.quality.confusion is not None
    assert sum(cell.rows for cell in first.quality.confusion) == report.rows
    assert first.latency_ms.token_p50 is not None
    assert first.latency_ms.token_p50 <= first.latency_ms.total_p50
    assert first.timing is not None
    assert (first.timing.prompts, first.timing.repeats, first.timing.warm_up) == (3, 2, 1)
    assert first.timing.spread is not None
    assert [part.length for part in first.timing.by_length] == ["short", "medium", "long"]
    assert first.timing.energy is not None
    assert first.timing.energy.joules_an_answer > 0
    assert first.timing.ceilings is not None
    assert first.timing.weight_bytes_a_token == 4 * tiny.model(len(tiny.tokenizer())).num_parameters()
    assert first.timing.bandwidth_share == pytest.approx(
        first.tokens_per_s * first.timing.weight_bytes_a_token / (first.timing.ceilings.read_gb_s * 1e9)
    )
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert any("latency_ms" in event["values"] for event in events if event["ev"] == "metrics")
    last = [event for event in events if event["ev"] == "progress"][-1]
    assert last["done"] == last["total"]


def test_the_general_check_says_what_was_forgotten(data: Path, tmp_path: Path) -> None:
    base = tiny.model_folder(tmp_path / "base")
    other = tiny.model_folder(tmp_path / "other", seed=6)
    job, out = tiny.job(tmp_path / "run", a=base, b=other, d=data)

    evaluate.run(EvaluateSpec(models=("a", "b"), data="d", limit=2, latency_prompts=1, general=True), job)

    report = EvaluationReport.model_validate_json((job.folder / "out/report/report.json").read_bytes())
    first, second = report.models
    assert first.general is not None
    assert second.general is not None
    assert first.general.questions == 80
    assert first.general.chance == pytest.approx((0.5 * 60 + 0.25 * 20) / 80, abs=0.01)
    low, high = first.general.perplexity_ci95
    assert low <= first.general.perplexity <= high
    assert first.general.log_probability < 0
    (comparison,) = report.comparisons
    assert (comparison.measure, comparison.rows) == ("accuracy", 2)
    assert comparison.general_perplexity is not None
    ratio = second.general.perplexity / first.general.perplexity
    assert comparison.general_perplexity.value == pytest.approx(ratio - 1)
    assert comparison.general_log_probability is not None
    assert 1 <= len(report.worst) <= 2
    assert "on your task no difference beyond chance" in verdict.sentence(comparison)
    last = [json.loads(line) for line in out.getvalue().splitlines() if '"progress"' in line][-1]
    assert last["done"] == last["total"]


def test_documents_are_read_not_answered(source: Path, task: Task) -> None:
    text = tuple(range(5, 25))
    messages = list(child._work(replace(task, expected=(), documents=(text, text[:9]))))

    read = [message for message in messages if isinstance(message, Answered)]
    assert [message.rows for message in read] == [(0,), (1,)]
    assert [message.answers[0].scored for message in read] == [19, 8]
    assert read[0].answers[0].nll > read[1].answers[0].nll > 0


def test_a_stop_keeps_the_rows_that_were_answered(
    source: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = tiny.job(tmp_path / "run", a=source, b=source, d=data)
    answered = evaluate._show

    def stop_after_the_first(*args: object) -> None:
        answered(*args)  # type: ignore[arg-type]
        job.take({"cmd": "stop"})

    monkeypatch.setattr(evaluate, "_show", stop_after_the_first)

    evaluate.run(EvaluateSpec(models=("a", "b"), data="d", max_new_tokens=4, batch_size=3), job)

    report = EvaluationReport.model_validate_json((job.folder / "out/report/report.json").read_bytes())
    assert job.final_state == "stopped"
    assert not report.complete
    assert [figures.quality.n for figures in report.models] == [3]


def test_a_limit_spreads_over_the_split(data: Path) -> None:
    from core.data.dataset import Dataset
    from core.engines.measuring import rows

    every = rows.read(Dataset(data), "train", None)

    some = rows.read(Dataset(data), "train", 3)

    assert [question.row for question in some] == [every[place * len(every) // 3].row for place in range(3)]


def test_a_model_that_does_not_load_is_an_error_not_a_crash(task: Task, tmp_path: Path) -> None:
    empty = replace(task, source=replace(task.source, folder=tmp_path))

    with pytest.raises(JobError, match="could not be measured"):
        list(child.measure(empty))


def test_the_process_ends_when_nobody_listens(task: Task) -> None:
    messages = child.measure(task)
    next(messages)
    children = [process.pid for process in multiprocessing.active_children()]
    assert children

    messages.close()

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(map(psutil.pid_exists, children)):
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, children))


def test_a_killed_parent_takes_its_measuring_process_along(source: Path, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "from pathlib import Path\n"
        "import multiprocessing, sys\n"
        "from core.engines.measuring import child\n"
        "from core.engines.measuring.task import Task\n"
        "from core.engines.runtimes.runtime import Source\n"
        "if __name__ == '__main__':\n"
        f"    source = Source('hf', Path({str(source)!r}), (), (2,), 1)\n"
        "    messages = child.measure(Task(source, ((5, 6),) * 9, ((5, 2),) * 9, 500, 9, (0,) * 5000))\n"
        "    next(messages)\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and psutil.pid_exists(pid):
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)


def test_rows_come_back_with_their_numbers(task: Task) -> None:
    messages = list(child.measure(task))

    rows = [row for message in messages if isinstance(message, Answered) for row in message.rows]
    assert sorted(rows) == [0, 1, 2, 3]
    assert isinstance(messages[-1], Finished)
    assert messages[-1].tokens_per_s > 0
