"""A data set as a task of lm-evaluation-harness, and what a task of somebody else may not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.sandbox import SandboxedEnvironment

from core.data import harness_tasks
from core.data.dataset import Dataset, build
from core.errors import InputError
from core.specs import ImportDataSpec
from tests.core.engines import tiny

GOOD: dict[str, Any] = {
    "task": "mine",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{question}}",
    "doc_to_choice": ["a", "b"],
    "doc_to_target": "answer",
    "metric_list": [{"metric": "acc"}],
}


def written(folder: Path, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rows.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    (folder / "mine.yaml").write_text(yaml.safe_dump({**GOOD, **changes}))
    return folder


def test_labels_become_choices_and_the_task_is_read_back(tmp_path: Path) -> None:
    data = Dataset(tiny.data_folder(tmp_path / "d"))

    made = harness_tasks.export(data, "test", tmp_path / "task")

    (task,) = harness_tasks.read(tmp_path / "task")
    assert task == made
    assert task.content["doc_to_choice"] == sorted(tiny.INTENTS)
    rows = [json.loads(line) for line in (tmp_path / "task/rows.jsonl").read_text().splitlines()]
    assert len(rows) == data.count("test")
    assert set(rows[0]) == {"question", "answer"}
    assert rows[0]["answer"] in tiny.INTENTS


def test_answers_are_compared_by_their_length_and_texts_are_read(tmp_path: Path) -> None:
    long = "one two three four five six seven eight nine ten"
    for answer, metrics in (("yes", ["exact_match"]), (long, ["bleu", "chrf"])):
        source = tmp_path / f"{len(answer)}.jsonl"
        lines = [
            {
                "messages": [
                    {"role": "system", "content": 'Say "no" {{to}} é\n'},
                    {"role": "user", "content": f"Is it {number}?"},
                    {"role": "assistant", "content": answer},
                ]
            }
            for number in range(20)
        ]
        source.write_text("".join(json.dumps(line) + "\n" for line in lines))
        folder = tmp_path / f"data-{len(answer)}"
        folder.mkdir()
        build(ImportDataSpec(source=str(source), name="Free text", test_fraction=0.3), folder)
        made = harness_tasks.export(Dataset(folder), "test", tmp_path / f"task-{len(answer)}")
        assert [item["metric"] for item in made.content["metric_list"]] == metrics
        assert made.name == "free_text"
        rendered = SandboxedEnvironment(keep_trailing_newline=True).from_string(made.content["description"])
        assert rendered.render().strip() == 'Say "no" {{to}} é'


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"custom_dataset": "x"}, "sets custom_dataset, which cannot"),
        ({"include": "other.yaml"}, "sets include, which cannot"),
        ({"process_docs": "utils.f"}, "sets process_docs, which cannot"),
        ({"unsafe_code": True}, "sets unsafe_code, which cannot"),
        ({"dataset_path": "someone/set"}, "dataset_path: json"),
        ({"dataset_path": "./script.py"}, "dataset_path: json"),
        ({"dataset_kwargs": {"data_files": "../../secret.json"}}, "must be beside it"),
        ({"dataset_kwargs": {"data_files": "/etc/passwd"}}, "must be beside it"),
        ({"dataset_kwargs": {"data_files": "https://example.com/x.json"}}, "must be beside it"),
        ({"dataset_kwargs": {"data_files": "rows.jsonl", "trust_remote_code": True}}, "and nothing else"),
        ({"dataset_kwargs": {}}, "and nothing else"),
        ({"metric_list": [{"metric": "someone/metric"}]}, "metrics must be among"),
        ({"metric_list": [{"metric": "acc", "hf_evaluate": True}]}, "may only name"),
        ({"metric_list": []}, "metrics must be among"),
        ({"output_type": "loglikelihood"}, "output_type must be"),
        ({"task": 7}, "names no task"),
    ],
)
def test_what_would_run_or_fetch_something_is_refused(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError) as refused:
        harness_tasks.read(written(tmp_path / "task", **changes))
    assert why in refused.value.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("task: x\ndoc_to_text: !function utils.f\n", "names Python"),
        ("{", "no plain YAML"),
        ("- 1", "no task"),
    ],
)
def test_python_in_a_file_is_never_run(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "utils.py").write_text("raise SystemExit('ran')")
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InputError) as refused:
        harness_tasks.read(tmp_path)
    assert why in refused.value.why


def test_an_empty_folder_and_none_at_all_are_told_apart_from_tasks(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="no harness tasks"):
            harness_tasks.read(folder)
