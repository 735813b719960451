"""The prune wizard, by clicks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.models.repeat import can_repeat, repeat_of
from app.pages.prune.page import PrunePage
from app.pages.prune.view_model import PruneViewModel
from app.recipe_runner import RecipeRunner
from app.widgets.amount import AmountField
from core.specs import PruneSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import hollow

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]
WHOLE = 134_515_008
LAYER = 3_540_096


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> PrunePage:
    page = PrunePage(PruneViewModel(bridge, RecipeRunner(bridge)))
    qtbot.addWidget(page)
    page.resize(1232, 1400)
    page.show()
    return page


@pytest.fixture
def ready(page: PrunePage, qtbot: QtBot, workspace: Workspace, add_data: Add) -> PrunePage:
    """The page in the step of what goes, with everything read."""
    model = hollow.add(workspace)
    add_data()
    page.open_with(model.id)
    qtbot.waitUntil(lambda: page.view_model.files.needed is not None)
    return page


def type_into(field: AmountField, text: str) -> None:
    line = field.spin.lineEdit()
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def by_hand(page: PrunePage) -> None:
    QTest.mouseClick(page.cut_card.ways._cards["hand"], LEFT)


def started(page: PrunePage, workspace: Workspace) -> PruneSpec:
    QTest.mouseClick(page.preview_card.start_button, LEFT)
    return PruneSpec.model_validate(workspace.store.runs()[0].spec)


def facts(page: PrunePage) -> dict[str, str]:
    return {name: label.text() for name, label in page.preview_card.facts._values.items()}


# --- what is chosen ---


def test_an_empty_wizard_says_what_is_missing_and_leads_there(page: PrunePage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a model first"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.model_card.add_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_steps_open_one_after_the_other(
    page: PrunePage, workspace: Workspace, add_data: Add, qtbot: QtBot
) -> None:
    model = hollow.add(workspace)
    hollow.add(workspace, "other")
    data = add_data()
    add_data("more")
    page.open_with(None)
    assert not page.steps._group.button(1).isEnabled()
    QTest.mouseClick(page.model_card.cards._cards[model.id], LEFT)
    assert page.preview_card.start_button.text() == "Choose data first"
    QTest.mouseClick(page.data_card.cards._cards[data.id], LEFT)
    assert page.cut_card.choosing.isVisible()
    qtbot.waitUntil(lambda: page.preview_card.start_button.text() == "Start pruning")
    QTest.mouseClick(page.steps._group.button(3), LEFT)
    assert page.check_card.isVisible()
    assert page.cut_card.note_label.text() == "20 of 30 layers stay, and 74 % of all numbers"
    QTest.mouseClick(page.cut_card.change_button, LEFT)
    assert page.cut_card.choosing.isVisible()


def test_what_cannot_be_cut_stands_there_with_the_reason(
    page: PrunePage, workspace: Workspace, add_data: Add, qtbot: QtBot
) -> None:
    exported = hollow.add(workspace, "exported", format="onnx")
    far = hollow.keep(workspace, "model", "far", "far", {"format": "endpoint"})
    odd = hollow.add(workspace, "odd", shapes={"transformer.wte.weight": (9, 9)}, architecture="GPT2")
    add_data()
    page.open_with(exported.id)
    cards = page.model_card.cards._cards
    assert "Take the model it was made from" in cards[exported.id].radio.accessibleDescription()
    assert "Take a model of your own" in cards[far.id].radio.accessibleDescription()
    assert not cards[exported.id].radio.isEnabled()
    QTest.mouseClick(cards[odd.id], LEFT)
    qtbot.waitUntil(page.refused.isVisible)
    assert page.preview_card.start_button.text() == "Choose another model first"
    for said in ("odd cannot be pruned.", "It is a GPT2.", "Choose a model of the Llama"):
        assert said in page.refused.text()
    assert not page.cut_card.isVisible()


def test_a_tokenizer_that_cannot_be_cut_says_so_and_the_rest_works(
    page: PrunePage, workspace: Workspace, add_data: Add, qtbot: QtBot
) -> None:
    model = hollow.add(workspace)
    path = workspace.artifact_folder(model.id) / "tokenizer.json"
    path.write_text(json.dumps({"model": {"type": "Unigram", "vocab": []}}), encoding="utf-8")
    add_data()
    page.open_with(model.id)
    qtbot.waitUntil(lambda: page.view_model.sizes is not None)
    assert not page.cut_card.trim.isEnabled()
    assert "Unigram" in page.cut_card.trim_note.text()
    assert "vocabulary" not in started(page, workspace).model_dump(exclude_defaults=True)


# --- to a size ---


def test_a_third_of_the_layers_goes_unless_the_person_says_otherwise(
    ready: PrunePage, workspace: Workspace
) -> None:
    left = WHOLE - 10 * LAYER
    shown = facts(ready)
    assert (shown["Layers"], shown["Neurons a layer"], shown["Tokens"]) == ("20 of 30", "1,536", "49,152")
    assert (shown["Parameters"], shown["In fp32"]) == ("99 M of 135 M", "396 MB of 538 MB")
    assert "worse until it has learnt again" in ready.cut_card.outcome.text()
    assert ready.cut_card.picture.after_label.text().startswith("After: 20 layers")
    spec = started(ready, workspace)
    assert spec.model_dump(exclude_defaults=True).keys() == {"model", "data", "target_mb"}
    assert left / 1e6 <= spec.target_mb < left / 1e6 + 0.1


def test_a_smaller_target_takes_half_of_the_layers_and_then_neurons(
    ready: PrunePage, workspace: Workspace
) -> None:
    type_into(ready.cut_card.target, "60")
    assert facts(ready)["Layers"] == "15 of 30"
    assert facts(ready)["Neurons a layer"].endswith("of 1,536")
    ready.cut_card.target.slider.setValue(0)
    least = ready.cut_card.target.spin.value()
    assert facts(ready)["Neurons a layer"] == "160 of 1,536"
    type_into(ready.cut_card.target, "1")
    assert started(ready, workspace).target_mb == least, "no smaller one can be asked for"


def test_the_words_that_the_data_needs_leave_room_for_layers(ready: PrunePage, workspace: Workspace) -> None:
    type_into(ready.cut_card.target, "100")
    assert facts(ready)["Layers"] == "20 of 30"
    needed = ready.view_model.files.needed
    QTest.mouseClick(ready.cut_card.trim, LEFT, pos=QPoint(8, 12))
    assert f"About {needed:,} of 49,152" in ready.cut_card.trim_note.text()
    assert facts(ready)["Layers"] == "28 of 30"
    assert facts(ready)["Tokens"] == f"about {needed:,} of 49,152"
    spec = started(ready, workspace)
    assert (spec.vocabulary, spec.target_mb) == ("data", 100.0)


# --- to a time ---


def test_to_a_time_the_run_finds_out_how_much_goes(ready: PrunePage, workspace: Workspace) -> None:
    QTest.mouseClick(ready.cut_card.ways._cards["time"], LEFT)
    type_into(ready.cut_card.time, "40")
    assert not ready.cut_card.target.isVisible()
    assert not ready.cut_card.repeats.isVisible()
    assert not ready.cut_card.picture.isVisible()
    shown = facts(ready)
    assert (shown["An answer"], shown["Layers"]) == ("at most 40 ms", "15 to 30")
    QTest.mouseClick(ready.steps._group.button(3), LEFT)
    assert ready.cut_card.note_label.text() == "As much stays as answers in 40 ms"
    assert "--set target_ms=40.0" in ready.view_model.command()
    spec = started(ready, workspace)
    assert spec.model_dump(exclude_defaults=True).keys() == {"model", "data", "target_ms"}
    ready.open_with(repeat_of(workspace, workspace.store.runs()[0]))
    assert ready.cut_card.ways.current == "time"
    assert ready.cut_card.time.spin.value() == 40


# --- by hand ---


def test_by_hand_layers_neurons_and_words(ready: PrunePage, workspace: Workspace) -> None:
    by_hand(ready)
    assert not ready.cut_card.target.isVisible()
    type_into(ready.cut_card.layers, "24")
    type_into(ready.cut_card.neurons, "75")
    assert facts(ready)["Neurons a layer"] == "1,152 of 1,536"
    QTest.mouseClick(ready.cut_card.form.advanced_button, LEFT)
    rows = ready.cut_card.form.field("calibration_rows").control
    rows.setFocus()
    rows.selectAll()
    QTest.keyClicks(rows, "64")
    said = "--set keep_layers=24 --set ffn_share=0.75 --set calibration_rows=64 --name starter-pruned"
    assert said in ready.view_model.command()
    spec = started(ready, workspace)
    assert (spec.keep_layers, spec.ffn_share, spec.target_mb) == (24, 0.75, None)
    assert spec.calibration_rows == 64


def test_with_nothing_to_go_it_says_so_and_words_alone_cost_nothing(
    ready: PrunePage, workspace: Workspace
) -> None:
    by_hand(ready)
    type_into(ready.cut_card.layers, "30")
    assert ready.preview_card.start_button.text() == "Say first what can go"
    assert "Nothing of starter would be left out" in ready.cut_card.problem.text()
    assert not ready.steps._group.button(3).isEnabled()
    QTest.mouseClick(ready.cut_card.trim, LEFT, pos=QPoint(8, 12))
    assert not ready.cut_card.problem.isVisible()
    assert "answers the data as before" in ready.cut_card.outcome.text()
    spec = started(ready, workspace)
    assert spec.model_dump(exclude_defaults=True).keys() == {"model", "data", "vocabulary"}


def test_less_than_half_of_the_layers_gets_a_word_of_advice(ready: PrunePage) -> None:
    by_hand(ready)
    type_into(ready.cut_card.layers, "15")
    assert "hardly recovers" not in ready.cut_card.outcome.text()
    type_into(ready.cut_card.layers, "14")
    assert "hardly recovers" in ready.cut_card.outcome.text()


def test_the_page_tells_the_truth_about_zeros(ready: PrunePage) -> None:
    assert "neither smaller nor faster" in ready.cut_card.truth.text()


# --- in rounds ---


def test_rounds_are_a_recipe_that_prunes_and_distills_in_turn(
    ready: PrunePage, workspace: Workspace, qtbot: QtBot
) -> None:
    by_hand(ready)
    type_into(ready.cut_card.layers, "10")
    assert not ready.cut_card.rounds.isVisible()
    QTest.mouseClick(ready.cut_card.repeats, LEFT, pos=QPoint(8, 12))
    type_into(ready.cut_card.rounds, "3")
    assert "Layers 30 → 21 → 14 → 10" in ready.cut_card.rounds.note.text()
    assert "distills from starter" in ready.cut_card.outcome.text()
    assert ready.view_model.command().endswith("--rounds 3 --name starter-small")
    with qtbot.waitSignal(ready.page_requested, timeout=10_000) as asked:
        QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert asked.args == ["runs", None]
    recipes = ready.view_model._recipe._recipes
    assert recipes.state is not None
    assert recipes.state.total == 6
    qtbot.waitUntil(lambda: bool(workspace.store.runs()))
    first = workspace.store.runs()[0]
    assert (first.name, first.spec["keep_layers"]) == ("starter-small-1-cut", 21)
    assert (workspace.root / "recipes" / "starter-small.yaml").is_file()
    assert ready.preview_card.start_button.text() == "Let the recipe at work end first"


def test_rounds_are_not_offered_where_nothing_has_to_be_learnt_again(ready: PrunePage) -> None:
    QTest.mouseClick(ready.cut_card.repeats, LEFT, pos=QPoint(8, 12))
    assert ready.cut_card.rounds.isVisible()
    by_hand(ready)
    type_into(ready.cut_card.layers, "30")
    QTest.mouseClick(ready.cut_card.trim, LEFT, pos=QPoint(8, 12))
    assert not ready.cut_card.repeats.isVisible()
    assert "--rounds" not in ready.view_model.command()


def test_another_recipe_of_that_name_is_said_and_kept(
    ready: PrunePage, workspace: Workspace, qtbot: QtBot
) -> None:
    other = workspace.root / "recipes" / "starter-small.yaml"
    other.parent.mkdir()
    other.write_text("version: 1\n", encoding="utf-8")
    QTest.mouseClick(ready.cut_card.repeats, LEFT, pos=QPoint(8, 12))
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    qtbot.waitUntil(ready.error_panel.isVisible)
    assert other.read_text(encoding="utf-8") == "version: 1\n"
    assert not workspace.store.runs()


# --- start, repeat ---


def test_what_was_refused_at_the_start_leaves_no_run(ready: PrunePage, workspace: Workspace) -> None:
    (workspace.artifact_folder("model-starter") / "chat_template.jinja").unlink()
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert not workspace.store.runs()
    assert ready.error_panel.isVisible()


def test_an_earlier_run_fills_everything(ready: PrunePage, workspace: Workspace, qtbot: QtBot) -> None:
    by_hand(ready)
    type_into(ready.cut_card.neurons, "60")
    type_into(ready.cut_card.layers, "30")
    QTest.mouseClick(ready.cut_card.trim, LEFT, pos=QPoint(8, 12))
    first = started(ready, workspace)
    assert first.keep_layers is None
    run = workspace.store.runs()[0]
    assert can_repeat(run)
    QTest.mouseClick(ready.cut_card.ways._cards["size"], LEFT)
    ready.view_model.set_trims(False)
    ready.open_with(repeat_of(workspace, run))
    assert ready.cut_card.ways.current == "hand"
    assert ready.cut_card.trim.isChecked()
    assert ready.view_model.spec() == first


def test_the_wheel_scrolls_the_page_and_changes_no_number(ready: PrunePage) -> None:
    for widget in (ready.cut_card.target.spin, ready.cut_card.target.slider):
        before = ready.cut_card.target.spin.value()
        middle = QPointF(widget.rect().center())
        turned = QWheelEvent(
            middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, turned)
        assert ready.cut_card.target.spin.value() == before


def test_long_names_fit_into_a_narrow_window(
    page: PrunePage, workspace: Workspace, add_data: Add, qtbot: QtBot
) -> None:
    model = hollow.add(workspace, "W" * 90, licence="L" * 200)
    add_data()
    page.resize(891, 700)  # beside the sidebar of the smallest window
    page.open_with(model.id)
    qtbot.waitUntil(lambda: page.view_model.cut is not None)
    by_hand(page)
    for step in range(4):
        QTest.mouseClick(page.steps._group.button(step), LEFT)
        qtbot.wait(200)
        for area in page.findChildren(QScrollArea):
            if area.isVisible():
                assert area.widget().minimumSizeHint().width() <= area.viewport().width(), step
