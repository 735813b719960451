"""How long an evaluation takes, from earlier ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.engines.measuring import forgetting
from core.models import evaluation_time
from core.models.evaluation_time import EvaluationTimes, parts_of
from core.models.fit import machine
from core.specs import EvaluateSpec
from core.workspace.workspace import Workspace
from tests.core.models import hollow


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def model(workspace: Workspace, name: str, size: int = 100_000_000, **meta: Any) -> str:
    return hollow.keep(workspace, "model", name, f"model-{name}", {"format": "onnx", **meta}, size).id


def measured(
    workspace: Workspace, ref: str, seconds: float, *, data: str = "d", key: str | None = None, **more: Any
) -> None:
    """An evaluation of one model on 300 rows."""
    run = workspace.store.add_run("evaluate", "report", {"models": [ref], "data": data}, [])
    figures = {
        "id": ref, "kind": "onnx", "bytes_on_disk": 100_000_000, "seconds": seconds, "quality": {"n": 300},
        "timing": {"prompts": 20, "repeats": 2},
    }  # fmt: skip
    result = {"machine": machine.key() if key is None else key, "complete": True, **more}
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result={**result, "models": [figures]})


def seconds(workspace: Workspace, *models: str, rows: int = 300, **told: Any) -> float | None:
    spec = EvaluateSpec.model_validate({"models": models, "data": "d", **told})
    return EvaluationTimes(workspace).seconds(spec, rows)


def test_general_questions_are_as_many_as_are_asked() -> None:
    assert evaluation_time.GENERAL == forgetting.PARTS
    assert parts_of(300, 20, 2, general=True) == 300 + 40 + forgetting.PARTS
    assert parts_of(5, 20, 2, general=False) == 5 + 10


def test_a_model_takes_as_long_as_it_took_by_rows(workspace: Workspace) -> None:
    one = model(workspace, "one")
    assert seconds(workspace, one) is None
    measured(workspace, one, 34.0)
    assert seconds(workspace, one) == pytest.approx(34.0)
    assert seconds(workspace, one, rows=3000) == pytest.approx(34.0 * 3040 / 340)
    assert seconds(workspace, one, general=True) == pytest.approx(34.0 * 428 / 340)


def test_another_model_of_its_size_has_its_pace_and_one_of_another_size_has_none(
    workspace: Workspace,
) -> None:
    one, like = model(workspace, "one"), model(workspace, "like", 120_000_000)
    large, other = model(workspace, "large", 900_000_000), model(workspace, "other", format="hf")
    measured(workspace, one, 34.0)
    assert seconds(workspace, like) == pytest.approx(34.0 * 1.2)
    assert seconds(workspace, one, like) == pytest.approx(34.0 * 2.2)
    assert seconds(workspace, one, large) is None
    assert seconds(workspace, other) is None


def test_its_own_measurement_on_this_data_is_taken_first(workspace: Workspace) -> None:
    one, like = model(workspace, "one"), model(workspace, "like")
    measured(workspace, one, 10.0)
    measured(workspace, one, 20.0, data="long texts")
    measured(workspace, like, 30.0)
    assert seconds(workspace, one) == pytest.approx(10.0)


def test_what_was_stopped_or_measured_elsewhere_says_nothing(workspace: Workspace) -> None:
    one = model(workspace, "one")
    measured(workspace, one, 10.0, key="another computer")
    measured(workspace, one, 10.0, complete=False)
    assert seconds(workspace, one) is None


def test_an_adapter_is_as_large_as_its_base_with_it(workspace: Workspace) -> None:
    base = model(workspace, "base", 90_000_000, format="hf")
    adapter = model(workspace, "adapter", 10_000_000, format="adapter", base=base)
    found = EvaluationTimes(workspace)._sized(adapter)
    assert (found.kind, found.bytes) == ("adapter", 100_000_000)
