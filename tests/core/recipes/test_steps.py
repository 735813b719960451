"""A job that was done before is found again, also by a program that has learnt new settings since."""

from __future__ import annotations

from pathlib import Path

from core.recipes.steps import Step, same_spec
from core.specs import QuantizeSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace


def earlier(folder: Path, **changed: object) -> Run:
    """A run whose spec was written before there was a choice of blocks."""
    workspace = Workspace(folder / "workspace")
    spec = QuantizeSpec(model="m", recipe="int8").model_dump(mode="json")
    del spec["block"]
    run = workspace.store.add_run("quantize", "small", {**spec, **changed}, [])
    workspace.close()
    return run


def step(**fields: object) -> Step:
    return Step("small", "Quantizing", QuantizeSpec(model="m", recipe="int8", **fields), "small")


def test_a_setting_that_came_since_has_its_default_there(tmp_path: Path) -> None:
    run = earlier(tmp_path)
    assert same_spec(run, step())
    assert not same_spec(run, step(block=16))


def test_another_value_or_a_setting_of_a_later_version_is_another_spec(tmp_path: Path) -> None:
    assert not same_spec(earlier(tmp_path / "a", recipe="int4"), step())
    assert not same_spec(earlier(tmp_path / "b", colour="red"), step())
