"""The import as a job: what it says and what it leaves."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from core.data import dataset, starter
from core.engines import import_data
from core.errors import CancelledError, InputError
from core.jobs.context import JobContext
from core.specs import ImportDataSpec
from core.workspace import manifest


def _run(folder: Path, source: Path, *, stopped: bool = False) -> list[dict[str, Any]]:
    out = io.StringIO()
    job = JobContext(folder, {}, out)
    if stopped:
        job.take({"cmd": "stop"})
    import_data.run(ImportDataSpec(source=str(source), name="bank", test_source=str(starter.test())), job)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_job_leaves_a_sealed_data_set(tmp_path: Path) -> None:
    events = _run(tmp_path, starter.train())
    artifact = next(event for event in events if event["ev"] == "artifact")
    assert artifact["type"] == "dataset"
    assert artifact["meta"]["counts"] == {"train": 1350, "validation": 150, "test": 300}
    progress = [event for event in events if event["ev"] == "progress"][-1]
    assert progress["done"] == progress["total"]
    folder = tmp_path / artifact["folder"]
    manifest.verify(folder)
    assert dataset.Dataset(folder).count("train") == 1350


def test_a_refused_file_announces_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("text,category\na,b\nc\n")
    with pytest.raises(InputError) as caught:
        _run(tmp_path, source)
    assert caught.value.code == "data.ragged"
    assert "line 3" in caught.value.what


def test_a_stop_ends_the_import(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        _run(tmp_path, starter.train(), stopped=True)
