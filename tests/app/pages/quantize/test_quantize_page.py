"""The quantize wizard, by clicks."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.formats import number_text
from app.models.repeat import Repeat
from app.pages.quantize.page import QuantizePage
from core.specs import QuantizeSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import hollow

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]


def test_without_a_model_it_says_so(page: QuantizePage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a model first"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.model_card.add_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_recipes_say_what_they_cost(page: QuantizePage, add_model: Add) -> None:
    page.open_with(add_model().id)
    sizes = [page.view_model.expected_bytes(recipe) for recipe in ("fp32", "int8", "int4-mixed", "int4")]
    assert sizes == sorted(sizes, reverse=True)
    texts = [choice.text for choice in page._choices]
    assert all("About" in text for text in texts)
    assert page.recipes.current == "int4-mixed"


def test_where_the_system_does_not_say_what_is_free_the_disk_keeps_nobody_from_starting(
    page: QuantizePage, add_model: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mute(_folder: object) -> object:
        raise OSError("no such mount")

    page.open_with(add_model().id)
    monkeypatch.setattr("shutil.disk_usage", mute)
    page.view_model.choose_recipe("int4")
    assert page.view_model.disk_free is None
    assert page.view_model.blocker != "disk"
    assert dict(page._needs().facts)["Disk"].startswith("up to ")


def test_an_add_on_has_the_size_of_its_base(page: QuantizePage, add_model: Add) -> None:
    base = add_model("base")
    tuned = add_model("tuned", format="adapter", base=base.id, parameters=4_884_480)
    page.open_with(tuned.id)
    assert page.view_model.parameters == 134_515_008


def test_start_queues_the_recipe_and_opens_the_run(
    page: QuantizePage, add_model: Add, workspace: Workspace, qtbot: QtBot
) -> None:
    page.open_with(add_model().id)
    QTest.mouseClick(page.recipes._cards["int8"], LEFT)
    QTest.mouseClick(page.steps._group.button(2), LEFT)
    assert page.check_card.isVisible()
    assert page.name.line.text() == "SmolLM2-int8"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    assert (run.kind, run.spec["recipe"], run.name) == ("quantize", "int8", "SmolLM2-int8")


def test_nonsense_in_an_advanced_field_blocks(page: QuantizePage, add_model: Add) -> None:
    page.open_with(add_model().id)
    QTest.mouseClick(page.form.advanced_button, LEFT)
    control = page.form.field("max_length").control
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, "3")
    assert page.preview_card.start_button.text() == "Correct the advanced fields first"


def test_exported_models_are_not_offered_again(page: QuantizePage, add_model: Add) -> None:
    add_model("small", format="onnx", recipe="int4")
    page.open_with(None)
    assert page.view_model.models == []


def test_command_says_the_same(page: QuantizePage, add_model: Add) -> None:
    page.open_with(add_model().id)
    assert page.view_model.command() == (
        "slm-workbench quantize SmolLM2 --recipe int4-mixed --name SmolLM2-int4-mixed"
    )


def test_add_ons_over_the_model_can_be_served_beside_it(
    page: QuantizePage, add_model: Add, workspace: Workspace
) -> None:
    base = add_model("base")
    first = add_model("first", format="adapter", base=base.id, method="lora")
    add_model("scales", format="adapter", base=base.id, method="ia3")
    other = add_model("other")
    page.open_with(other.id)
    assert not page.serving.isVisible()
    page.open_with(base.id)
    assert list(page.serving.boxes) == [first.id]
    page.serving.boxes[first.id].click()
    assert "--adapters first" in page.view_model.command()
    QTest.mouseClick(page.preview_card.start_button, LEFT)
    assert workspace.store.runs()[0].spec["adapters"] == [first.id]


def test_sizes_are_those_of_the_model_s_own_matrices(page: QuantizePage, workspace: Workspace) -> None:
    page.open_with(hollow.add(workspace, "Taught").id)
    recipes = ("int8", "int4-mixed", "int4-edges", "int4-gptq", "int4")
    sizes = [page.view_model.expected_bytes(recipe) for recipe in recipes]
    assert sizes == sorted(sizes, reverse=True)
    layers, head = 30 * 3_538_944, 49152 * 576
    assert sizes[0] == pytest.approx(layers * 1.15625 + head * 1.125, rel=0.03)


def test_memory_is_told_beside_the_size(page: QuantizePage, add_model: Add) -> None:
    page.open_with(add_model().id)
    few = page.view_model.memory_bytes
    page.view_model.set_advanced({"max_length": 8192}, {})
    assert few is not None
    assert page.view_model.memory_bytes == pytest.approx(few + 2 * 4 * 30 * 576 * (8192 - 2048))
    page.view_model.choose_recipe("fp32")
    assert page.view_model.memory_bytes is None


def test_a_search_is_told_its_limit_and_whose_rows_judge(
    page: QuantizePage, workspace: Workspace, add_data: Add
) -> None:
    data = add_data("Banking")
    model = hollow.add(workspace, "Taught")
    page.open_with(model.id)
    assert not page.limits.room.isVisible()
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    assert page.limits.room.isVisible()
    usual = page.view_model.limit_mb
    assert usual == pytest.approx((page.view_model.expected_bytes("int4-edges") or 0) / 1e6, abs=0.1)
    control = page.limits.room.spin
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, "20")  # no mixture is so small
    QTest.keyClick(control, Qt.Key.Key_Return)
    assert control.value() == pytest.approx(page.view_model.limits[0], abs=0.1)
    assert page.limits.room.note.text().startswith(f"From {number_text(page.view_model.limits[0])} to ")
    control.selectAll()
    QTest.keyClicks(control, "95")
    QTest.keyClick(control, Qt.Key.Key_Return)
    page.limits.data.setFocus()
    QTest.keyClick(page.limits.data, Qt.Key.Key_Down)
    assert page.view_model.data is not None
    assert page.view_model.command() == (
        "slm-workbench quantize Taught --recipe search --data Banking --set max_mb=95.0 --name Taught-search"
    )

    QTest.mouseClick(page.preview_card.start_button, LEFT)

    spec = workspace.store.runs()[0].spec
    assert (spec["recipe"], spec["data"], spec["max_mb"]) == ("search", data.id, 95.0)


def test_a_search_can_be_told_how_long_an_answer_may_take(
    page: QuantizePage, workspace: Workspace, add_data: Add
) -> None:
    add_data("Banking")
    page.open_with(hollow.add(workspace, "Taught").id)
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    assert not page.limits.time.isVisible()
    page.limits.times.click()
    assert page.limits.time.isVisible()
    assert page.view_model.limit_mb == page.view_model.limits[1]  # with a time, none unless it is set
    control = page.limits.time.spin
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, "64")
    QTest.keyClick(control, Qt.Key.Key_Return)
    assert "--set max_ms=64.0" in page.view_model.command()

    QTest.mouseClick(page.preview_card.start_button, LEFT)

    assert workspace.store.runs()[0].spec["max_ms"] == 64.0
    page.limits.times.click()
    assert "max_ms" not in page.view_model.command()


def test_only_what_runs_on_this_processor_is_timed(page: QuantizePage, workspace: Workspace) -> None:
    page.open_with(hollow.add(workspace, "Taught").id)
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    page.limits.times.click()
    page.view_model.target_obstacles["cuda"] = ""
    page.view_model.choose_target("cuda")
    assert not page.limits.times.isVisible()
    assert not page.limits.time.isVisible()
    assert "max_ms" not in page.view_model.command()


def test_rows_are_asked_for_only_by_recipes_that_look_at_them(
    page: QuantizePage, workspace: Workspace, add_data: Add
) -> None:
    add_data("Banking")
    page.open_with(hollow.add(workspace, "Taught").id)
    QTest.mouseClick(page.more_button, LEFT)
    QTest.mouseClick(page.recipes._cards["int4-gptq"], LEFT)
    assert page.limits.isVisible()
    assert not page.limits.room.isVisible()
    page.limits.data.setFocus()
    QTest.keyClick(page.limits.data, Qt.Key.Key_Down)
    assert "--data Banking" in page.view_model.command()
    QTest.mouseClick(page.recipes._cards["int8"], LEFT)
    assert not page.limits.isVisible()
    assert "--data" not in page.view_model.command()
    QTest.mouseClick(page.recipes._cards["int4-awq"], LEFT)
    assert page.limits.isVisible()


def test_a_mixture_is_rounded_on_the_rows_that_the_model_was_taught_with(
    page: QuantizePage, workspace: Workspace, add_model: Add, add_data: Add
) -> None:
    base, taught, other = add_model("base"), add_data("Mails"), add_data("Banking")
    run = workspace.store.add_run("finetune", "tuned", {"data": taught.id}, (base.id, taught.id))
    folder = workspace.artifact_folder(base.id)
    staged = workspace.root / "staged"
    shutil.copytree(folder, staged)
    tuned = workspace.take_artifact(run.id, staged, "model", "tuned", base.meta)
    page.open_with(tuned.id)
    assert page.limits.data_label.text() == "On whose rows is it rounded?"
    assert page.limits.data.currentText() == "Mails"
    assert page.limits.data.itemText(0) == "On none, which is quicker"
    assert "--recipe int4-mixed --data Mails" in page.view_model.command()
    page.limits.data.setFocus()
    QTest.keyClick(page.limits.data, Qt.Key.Key_Home)
    page.view_model.refresh()
    assert "--data" not in page.view_model.command()
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    assert page.limits.data_label.text() == "Whose rows judge?"
    assert page.limits.data.itemText(0) == "Shipped text alone"
    assert other.name in [page.limits.data.itemText(at) for at in range(page.limits.data.count())]


def test_a_mixture_rounded_by_hand_asks_for_no_rows(page: QuantizePage, add_model: Add) -> None:
    page.open_with(add_model().id)
    assert page.limits.isVisible()
    page.view_model.set_advanced({"algorithm": "k_quant"}, {})
    assert not page.limits.isVisible()


def test_a_cache_in_8_bits_takes_a_quarter_and_is_measured_on_rows(
    page: QuantizePage, add_model: Add, add_data: Add
) -> None:
    add_data("Banking")
    page.open_with(add_model().id)
    whole = page.view_model.memory_bytes
    assert whole is not None
    QTest.mouseClick(page.form.advanced_button, LEFT)
    control = page.form.field("kv_cache").control
    control.setFocus()
    QTest.keyClick(control, Qt.Key.Key_Down)
    assert page.view_model.memory_bytes == pytest.approx(whole - 2 * 3 * 30 * 576 * 2048)
    assert page.limits.isVisible()
    page.limits.data.setFocus()
    QTest.keyClick(page.limits.data, Qt.Key.Key_Down)
    assert page.view_model.command().endswith("--data Banking --set kv_cache=int8 --name SmolLM2-int4-mixed")
    assert page.preview_card.start_button.isEnabled()
    page.view_model.target = "webgpu"
    page.view_model.set_advanced({"kv_cache": "int8"}, {})
    assert page.preview_card.start_button.text() == "Correct the advanced fields first"


def test_a_repeated_search_has_its_limit_and_rows(
    page: QuantizePage, workspace: Workspace, add_data: Add
) -> None:
    data, model = add_data("Banking"), hollow.add(workspace, "Taught")
    spec = QuantizeSpec(model=model.id, recipe="search", data=data.id, max_mb=100.0, max_ms=80.0)
    page.open_with(Repeat("quantize", spec, "again"))
    assert page.limits.time.spin.value() == 80.0
    assert page.recipes.current == "search"
    assert page.limits.room.spin.value() == 100.0
    assert page.limits.data.currentText() == "Banking"


def test_targets_that_are_not_here_stay_in_the_list_with_what_they_take(
    page: QuantizePage, qtbot: QtBot, add_model: Add
) -> None:
    add_model()
    page.open_with("")
    box = page.targets.box
    qtbot.waitUntil(lambda: not page.view_model._background.is_busy("targets"), timeout=60000)
    row = box.findData("cuda")
    assert box.currentData() == "cpu"
    assert not box.model().item(row).isEnabled()
    assert "NVIDIA GPU with its driver" in box.itemData(row, Qt.ItemDataRole.ToolTipRole)
    page.view_model.choose_target("cuda")
    assert page.view_model.target == "cpu"
