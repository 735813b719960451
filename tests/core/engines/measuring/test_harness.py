"""lm-evaluation-harness over our runtimes, where it is installed: `pip install -e ".[harness]"`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from core.data import harness_tasks
from core.engines import evaluate
from core.engines.measuring import harness
from core.errors import InputError
from core.models.report import EvaluationReport, HarnessFigure
from core.specs import EvaluateSpec
from tests.core.engines import tiny

INSTALLED = importlib.util.find_spec("lm_eval") is not None
needs_it = pytest.mark.skipif(not INSTALLED, reason="the extra harness is not installed")
FEW = {"latency_prompts": 1, "repeats": 1, "max_new_tokens": 2, "limit": 4}


def test_its_results_become_figures() -> None:
    results = {
        "mine": {"name": "mine", "alias": "mine", "acc,none": 0.5, "acc_stderr,none": "N/A", "sample_len": 4}
    }
    found = list(harness.figures(results, {"mine": {"original": 4, "effective": 4}}))
    assert found == [HarnessFigure(task="mine", metric="acc", value=0.5, rows=4)]


@pytest.mark.skipif(INSTALLED, reason="the extra harness is installed")
def test_without_the_extra_it_says_how_to_get_it() -> None:
    with pytest.raises(InputError) as refused:
        harness_tasks.refuse(None, EvaluateSpec(models=("a",), data="d", harness="data"))  # type: ignore[arg-type]
    assert "[harness]" in refused.value.fix


@needs_it
def test_the_datas_own_rows_are_asked_and_rated_as_the_runtime_scores_them(tmp_path: Path) -> None:
    model, data = tiny.model_folder(tmp_path / "m"), tiny.data_folder(tmp_path / "d")
    job, _ = tiny.job(tmp_path / "run", a=model, d=data)

    evaluate.run(EvaluateSpec(models=("a",), data="d", harness="data", **FEW), job)

    report = EvaluationReport.model_validate_json((job.folder / "out/report/report.json").read_bytes())
    assert report.complete
    found = {figure.metric: figure for figure in report.models[0].harness or ()}
    assert set(found) == {"acc", "acc_norm"}
    assert found["acc"].rows == 4
    assert 0 <= found["acc"].value <= 1
    assert not (job.folder / "out" / "harness").exists()


@needs_it
def test_tasks_of_a_folder_generate_and_read_too(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    rows = [{"question": f"q{n}", "answer": "a", "text": "some text to read"} for n in range(3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    base = {
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
        "test_split": "test",
    }
    said = {
        **base, "task": "say", "output_type": "generate_until", "doc_to_text": "{{question}}",
        "doc_to_target": "answer", "generation_kwargs": {"until": ["x"], "max_gen_toks": 4},
        "metric_list": [{"metric": "exact_match"}],
    }  # fmt: skip
    read = {
        **base, "task": "read", "output_type": "loglikelihood_rolling", "doc_to_text": "",
        "doc_to_target": "{{text}}", "metric_list": [{"metric": "word_perplexity"}],
    }  # fmt: skip
    (folder / "say.yaml").write_text(yaml.safe_dump(said))
    (folder / "read.yaml").write_text(yaml.safe_dump(read))
    model, data = tiny.model_folder(tmp_path / "m"), tiny.data_folder(tmp_path / "d")
    job, _ = tiny.job(tmp_path / "run", a=model, d=data)

    evaluate.run(EvaluateSpec(models=("a",), data="d", harness=str(folder), **FEW), job)

    report = EvaluationReport.model_validate_json((job.folder / "out/report/report.json").read_bytes())
    found = {(figure.task, figure.metric): figure.value for figure in report.models[0].harness or ()}
    assert set(found) == {("say", "exact_match"), ("read", "word_perplexity")}
    assert found["read", "word_perplexity"] > 1


@needs_it
def test_a_template_reaches_nothing_but_its_row(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "rows.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    mark = tmp_path / "ran"
    escape = (
        "{{ ''.__class__.__mro__[1].__subclasses__() and cycler.__init__.__globals__.os.system('touch %s') }}"
    )
    task = {
        "task": "bad", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
        "test_split": "test", "output_type": "generate_until", "doc_to_text": escape % mark,
        "doc_to_target": "answer", "metric_list": [{"metric": "exact_match"}],
    }  # fmt: skip
    (folder / "bad.yaml").write_text(yaml.safe_dump(task))
    model, data = tiny.model_folder(tmp_path / "m"), tiny.data_folder(tmp_path / "d")
    job, out = tiny.job(tmp_path / "run", a=model, d=data)
    assert harness_tasks.read(folder)[0].name == "bad"

    evaluate.run(EvaluateSpec(models=("a",), data="d", harness=str(folder), **FEW), job)

    assert not mark.exists()
    assert "lm-evaluation-harness could not go on. SecurityError" in out.getvalue()
    assert (job.folder / "out/report/report.json").exists()
