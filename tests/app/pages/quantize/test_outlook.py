"""What the quantize page says before anything starts: what a recipe is good for, takes and keeps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pages.quantize.page import QuantizePage
from core.data import dataset
from core.jobs import run_folder
from core.specs import ImportDataSpec, QuantizeSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import hollow

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]


def test_recipes_say_first_what_they_are_good_for_and_the_preview_what_they_take(
    page: QuantizePage, add_model: Add
) -> None:
    page.open_with(add_model().id)
    assert [choice.key for choice in page._choices] == ["int8", "int4-mixed", "search", "int4"]
    first = page._choices[0]
    assert first.text.startswith("Nearly the same answers.")
    assert "98\u00a0% alike" in first.text
    assert "RTN" in first.hint
    assert page.recipes._cards["int8"].toolTip() == first.hint
    QTest.mouseClick(page.recipes._cards["int8"], LEFT)
    facts = page.preview_card.facts
    assert {"Time", "Same next word"} <= set(facts.names)
    assert facts._values["Same next word"].text() == "about 98\u00a0%"
    assert "on a model of 135 M parameters" in page.preview_card.note.text()
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    assert "min" in facts._values["Time"].text()


def test_rare_recipes_are_a_click_away_and_stay_where_one_is_chosen(
    page: QuantizePage, add_model: Add
) -> None:
    page.open_with(add_model().id)
    assert page.more_button.text() == "Show all recipes"
    QTest.mouseClick(page.more_button, LEFT)
    assert len(page._choices) == 10
    QTest.mouseClick(page.recipes._cards["int4-hqq"], LEFT)
    QTest.mouseClick(page.recipes._cards["int8"], LEFT)
    assert len(page._choices) == 10, "nothing moves under the pointer"
    QTest.mouseClick(page.more_button, LEFT)
    assert len(page._choices) == 4


def test_recipe_limit_and_start_are_seen_without_scrolling(
    page: QuantizePage, workspace: Workspace, qtbot: QtBot
) -> None:
    page.resize(1440 - 209, 900 - 46)
    page.open_with(hollow.add(workspace, "Taught").id)
    QTest.mouseClick(page.recipes._cards["search"], LEFT)
    qtbot.wait(50)
    for widget in (page.recipes, page.limits.room, page.preview_card.start_button):
        assert widget.visibleRegion().boundingRect() == widget.rect(), widget


def test_an_earlier_export_tells_better(page: QuantizePage, workspace: Workspace, add_model: Add) -> None:
    base = add_model()
    spec = QuantizeSpec(model=base.id, recipe="int8").model_dump(mode="json")
    run = workspace.store.add_run("quantize", "small", spec, [base.id])
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result={"agreement": 0.91, "kl": 0.05})
    add_model("small", format="onnx", recipe="int8", run_id=run.id)
    page.open_with(base.id)
    QTest.mouseClick(page.recipes._cards["int8"], LEFT)
    assert page.preview_card.facts._values["Same next word"].text() == "about 91\u00a0%"
    assert "by the receipt of small" in page.preview_card.note.text()
    assert "by earlier runs of this recipe here" in page.preview_card.note.text()


def test_rows_of_another_task_are_named_with_a_way_back(
    page: QuantizePage, workspace: Workspace, add_model: Add, add_data: Add
) -> None:
    taught, other = add_data("Mails"), _other_task(workspace)
    run = workspace.store.add_run("finetune", "tuned", {"data": taught.id}, [taught.id])
    tuned = add_model("tuned", run_id=run.id)
    page.open_with(tuned.id)
    assert not page.limits.odd.isVisible()
    page.view_model.choose_data(other.id)
    assert page.limits.odd.isVisible()
    assert "tuned has learnt from Mails; these rows are of another task." in page.limits.odd.text()
    assert page.limits.odd.text() in page.preview_card.note.text(), "it is seen beside Start"
    assert "--data Letters" in page.view_model.command()

    QTest.mouseClick(page.limits.right_button, LEFT)

    assert page.view_model.data is not None
    assert page.view_model.data.name == "Mails"
    assert not page.limits.odd.isVisible()
    page.view_model.choose_data(other.id)
    QTest.mouseClick(page.preview_card.start_button, LEFT)
    log = run_folder.replay(workspace.run_folder(workspace.store.runs()[0].id))
    assert "tuned has learnt from Mails" in str(log[0].get("text"))


def _other_task(workspace: Workspace) -> Artifact:
    """Data with labels of its own."""
    folder = workspace.artifact_folder("data-letters")
    folder.mkdir()
    source = workspace.root / "letters.csv"
    lines = [f"letter number {at} to nobody,{'xyz'[at % 3]}" for at in range(30)]
    source.write_text("\n".join(["text,category", *lines]), encoding="utf-8")
    info = dataset.build(ImportDataSpec(source=str(source), name="Letters"), folder)
    counts = {"train": 20, "validation": 5, "test": 5}
    return hollow.keep(
        workspace, "dataset", "Letters", folder.name, {"task": str(info.task), "counts": counts}
    )
