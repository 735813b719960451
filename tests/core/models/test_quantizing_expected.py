"""What an export will take and keep, from earlier ones and from what was measured once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.models.fit import machine
from core.models.quantizing import measured
from core.models.quantizing.expected import Experience, usual_seconds
from core.models.quantizing.recipes import RECIPES, reads_rows
from core.specs import QuantizeSpec
from core.workspace.workspace import Workspace
from tests.core.models import hollow

WHOLE = measured.PARAMETERS


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def export(workspace: Workspace, model: str, seconds: float, *, name: str = "small", **told: Any) -> None:
    """An export that was made here, or where `machine` says."""
    result = {"agreement": told.pop("agreement", 0.97), "kl": 0.01}
    result["machine"] = told.pop("machine", machine.key())
    spec = QuantizeSpec.model_validate({"model": model, **told})
    run = workspace.store.add_run("quantize", name, spec.model_dump(mode="json"), [model])
    workspace.store.set_state(run.id, "starting")
    began = workspace.store.run(run.id).started_at or 0.0
    workspace.store.set_state(run.id, "succeeded", result=result)
    _end(workspace, run.id, began + seconds)
    meta = {"format": "onnx", "parameters": WHOLE, "recipe": spec.recipe}
    made = hollow.keep(workspace, "model", name, f"model-{name}", meta)
    workspace.store.remove_artifact(made.id)
    workspace.store.add_artifact(type(made)(**{**made.__dict__, "run_id": run.id}))


def _end(workspace: Workspace, run_id: str, ended_at: float) -> None:
    """Lets a run have taken its time."""
    with closing(sqlite3.connect(workspace.root / "workbench.db")) as database, database:
        database.execute("UPDATE run SET ended_at = ? WHERE id = ?", (ended_at, run_id))


def test_every_recipe_was_measured() -> None:
    recipes = {recipe for recipe, _ in measured.KEPT}
    assert recipes == set(RECIPES)
    for recipe in RECIPES:
        assert usual_seconds(QuantizeSpec(model="m", recipe=recipe), WHOLE) > measured.LOADING_S


def test_a_larger_model_and_healing_take_longer() -> None:
    plain = QuantizeSpec(model="m", recipe="int8")
    healed = plain.model_copy(update={"heal": 20})
    assert usual_seconds(plain, 10 * WHOLE) > 5 * usual_seconds(plain, WHOLE)
    assert usual_seconds(healed, WHOLE) - usual_seconds(plain, WHOLE) == pytest.approx(
        measured.HEALING_S + 20 * measured.HEALING_STEP_S
    )
    timed = QuantizeSpec(model="m", recipe="search", max_ms=50)
    assert usual_seconds(timed, WHOLE) > usual_seconds(timed.model_copy(update={"max_ms": None}), WHOLE)


def test_rows_bring_a_mixture_nearer_and_take_longer(workspace: Workspace) -> None:
    model = hollow.add(workspace).id
    said = Experience(workspace)
    without = said.expected(QuantizeSpec(model=model, recipe="int4-mixed"), WHOLE)
    on_rows = said.expected(QuantizeSpec(model=model, recipe="int4-mixed", data="d"), WHOLE)
    assert on_rows.seconds > without.seconds
    assert on_rows.kept is not None
    assert without.kept is not None
    assert on_rows.kept.agreement > without.kept.agreement
    assert (without.runs, without.here) == (0, False)


def test_a_search_with_less_room_than_was_measured_promises_nothing(workspace: Workspace) -> None:
    model = hollow.add(workspace).id
    said = Experience(workspace)

    def kept(**told: Any) -> measured.Kept | None:
        return said.expected(QuantizeSpec(model=model, recipe="search", **told), WHOLE).kept

    assert kept(max_mb=80) is None
    assert kept(max_ms=20) is None
    assert kept(max_mb=115) == measured.KEPT["search", ""]
    larger = kept(max_mb=150)
    assert larger is not None
    assert larger.or_more


def test_earlier_exports_say_how_long_this_computer_takes(workspace: Workspace) -> None:
    model = hollow.add(workspace).id
    spec, other = QuantizeSpec(model=model, recipe="int8"), QuantizeSpec(model=model, recipe="int4")
    for at, seconds in enumerate((30, 40, 50)):
        export(workspace, model, seconds, name=f"small-{at}", recipe="int8")
    said = Experience(workspace)
    expected = said.expected(spec, WHOLE)
    assert expected.seconds == pytest.approx(40, abs=0.1)
    assert (expected.runs, expected.here) == (3, True)
    scaled = said.expected(other, WHOLE)
    as_usual = usual_seconds(other, WHOLE) / usual_seconds(spec, WHOLE)
    assert scaled.seconds == pytest.approx(40 * as_usual, rel=0.01)
    assert (scaled.runs, scaled.here) == (0, True)


def test_an_export_of_another_computer_says_nothing_of_time(workspace: Workspace) -> None:
    model = hollow.add(workspace).id
    export(workspace, model, 500, recipe="int8", machine="another")
    expected = Experience(workspace).expected(QuantizeSpec(model=model, recipe="int8"), WHOLE)
    assert not expected.here
    assert expected.kept is not None
    assert expected.kept.of == "small"


def test_a_receipt_of_the_lineage_goes_before_the_measured_model(workspace: Workspace) -> None:
    base, stranger = hollow.add(workspace, "base").id, hollow.add(workspace, "stranger").id
    tuning = workspace.store.add_run("finetune", "tuned", {"model": base}, [base])
    tuned = hollow.keep(workspace, "model", "tuned", "model-tuned", {"parameters": WHOLE})
    workspace.store.remove_artifact(tuned.id)
    workspace.store.add_artifact(type(tuned)(**{**tuned.__dict__, "run_id": tuning.id}))
    export(workspace, base, 20, name="base-int8", recipe="int8", agreement=0.91)
    said = Experience(workspace)
    spec = QuantizeSpec(model=tuned.id, recipe="int8")

    of_base = said.expected(spec, WHOLE).kept
    assert of_base is not None
    assert (of_base.of, of_base.agreement) == ("base-int8", 0.91)
    of_none = said.expected(spec.model_copy(update={"model": stranger}), WHOLE).kept
    assert of_none == measured.KEPT["int8", "rtn"]

    export(workspace, tuned.id, 20, name="tuned-int8", recipe="int8", agreement=0.99)
    export(workspace, base, 20, name="base-int8-2", recipe="int8", agreement=0.92)
    own = Experience(workspace).expected(spec, WHOLE).kept
    assert own is not None
    assert own.of == "tuned-int8"


def test_rows_are_read_by_who_learns_from_them_alone() -> None:
    def reads(**told: Any) -> bool:
        return reads_rows(QuantizeSpec(model="m", **told))

    assert reads(recipe="search")
    assert reads(recipe="int4-mixed")
    assert reads(recipe="int8", heal=5)
    assert reads(recipe="int8", kv_cache="int8")
    assert not reads(recipe="int8")
    assert not reads(recipe="int4-mixed", algorithm="k_quant")
