"""Rows of another task than the model has learnt are named before it is rounded on them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from core import mismatch
from core.data import dataset
from core.specs import ImportDataSpec, QuantizeSpec
from core.workspace import taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import hollow

ROWS = [(f"question number {at} about a thing", "abc"[at % 3]) for at in range(30)]
OTHER = [(f"letter number {at} to nobody", "xyz"[at % 3]) for at in range(30)]
AddData = Callable[..., Artifact]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


@pytest.fixture
def add(workspace: Workspace, tmp_path: Path) -> AddData:
    def add(name: str, rows: list[tuple[str, str]], instruction: str = "") -> Artifact:
        source = tmp_path / f"{name}.csv"
        with open(source, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "category"), *rows])
        spec = ImportDataSpec(source=str(source), name=name, instruction=instruction)
        folder = workspace.artifact_folder(f"data-{name}")
        folder.mkdir()
        info = dataset.build(spec, folder)
        meta = {"task": str(info.task), "instruction": info.instruction}
        return hollow.keep(workspace, "dataset", name, folder.name, meta)

    return add


def learnt(workspace: Workspace, data: Artifact) -> str:
    """Id of a model that learnt from the data."""
    run = workspace.store.add_run("finetune", "tuned", {"data": data.id}, [data.id])
    return hollow.keep(workspace, "model", "tuned", "model-tuned", taught.left_by(workspace, run)).id


def spec(model: str, data: Artifact | None, recipe: str = "int4-gptq") -> QuantizeSpec:
    return QuantizeSpec.model_validate(
        {"model": model, "recipe": recipe, "data": data.id if data is not None else None}
    )


def test_another_task_is_named_with_the_data_that_fits(workspace: Workspace, add: AddData) -> None:
    mails, letters = add("mails", ROWS), add("letters", OTHER)
    model = learnt(workspace, mails)
    found = mismatch.of(workspace, spec(model, letters))
    assert found == mismatch.Mismatch("tuned", "letters", "mails", mails.id)
    said = mismatch.sentence(found)
    assert "tuned has learnt from mails" in said
    assert "`--data mails`" in said
    workspace.store.remove_artifact(mails.id)
    assert mismatch.of(workspace, spec(model, letters)) is None  # nothing is left to tell by


def test_its_own_data_the_same_labels_and_the_same_instruction_are_one_task(
    workspace: Workspace, add: AddData
) -> None:
    mails = add("mails", ROWS, "Say the label.")
    model = learnt(workspace, mails)
    assert mismatch.of(workspace, spec(model, mails)) is None
    assert mismatch.of(workspace, spec(model, add("more", ROWS[:15]))) is None
    assert mismatch.of(workspace, spec(model, add("like", OTHER, "Say the label."))) is None
    assert mismatch.of(workspace, spec(model, add("letters", OTHER, "Say who wrote."))) is not None


def test_a_version_of_its_data_is_its_data(workspace: Workspace, add: AddData) -> None:
    mails, better = add("mails", ROWS), add("better", OTHER)
    model = learnt(workspace, mails)
    fixing = workspace.store.add_run("fix_data", "better", {"data": mails.id}, [mails.id])
    workspace.store.remove_artifact(better.id)
    workspace.store.add_artifact(Artifact(**{**better.__dict__, "run_id": fixing.id}))
    assert mismatch.of(workspace, spec(model, better)) is None


def test_where_no_rows_are_read_or_nothing_was_learnt_there_is_nothing_to_say(
    workspace: Workspace, add: AddData
) -> None:
    mails, letters = add("mails", ROWS), add("letters", OTHER)
    assert mismatch.of(workspace, spec(hollow.add(workspace).id, letters)) is None
    model = learnt(workspace, mails)
    assert mismatch.of(workspace, spec(model, None)) is None
    assert mismatch.of(workspace, spec(model, letters, "int8")) is None
