"""What the run page says of the learning, and the ways on from a run, by clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
import recordings
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.background import Background
from app.context import Context
from app.dialogs.export_figures import ExportDialog
from app.main_window import MainWindow
from app.pages.finetune.page import FinetunePage
from app.pages.runs.compare_page import ComparePage
from app.pages.runs.page import RunsPage
from app.pages.runs.result_card import ResultCard
from app.pages.runs.run_page import RunPage
from app.pages.runs.run_view_model import RunViewModel
from app.widgets.menu_button import MenuButton
from core.recipes import reading
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton


def _open(context: Context, qtbot: QtBot, run_id: str) -> RunPage:
    model = RunViewModel(context.bridge, Background())
    page = RunPage(model)
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    with qtbot.waitSignal(model.added, timeout=5000):
        page.open_with(run_id)
    return page


@pytest.fixture
def page(workspace: Workspace, context: Context, qtbot: QtBot) -> RunPage:
    """A finished run whose validation loss rose from step 112 on."""
    run = recordings.add_finetune(
        workspace,
        "Banking",
        recordings.STEPS,
        "succeeded",
        rises_from=112,
        spec={"keep_best": True},
        result={"best_step": 140},
    )
    return _open(context, qtbot, run.id)


def test_a_tab_shows_the_learning_rate_in_the_place_of_the_loss(page: RunPage) -> None:
    QTest.mouseClick(page.charts.tabs["loss"].button("rate"), LEFT)
    assert page.charts.rate.isVisible()
    assert not page.charts.loss.isVisible()
    assert len(page.charts.rate.points("learning_rate")) == recordings.STEPS
    QTest.mouseClick(page.charts.tabs["rate"].button("loss"), LEFT)
    assert page.charts.loss.isVisible()


def test_the_best_step_is_marked_and_the_call_out_says_what_is_kept(page: RunPage) -> None:
    assert page.charts.loss.marked == "best: step 140"
    text = page.learning.note_label.text()
    assert text.startswith("Since step 140 it gets better on what it has seen")
    assert text.endswith("The result is the model of step 140.")


def test_a_run_that_learns_well_has_no_call_out(workspace: Workspace, context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(workspace, "Banking", recordings.STEPS, "succeeded")
    assert not _open(context, qtbot, run.id).learning.isVisible()


def test_a_run_that_did_not_keep_the_best_offers_to_run_again(
    workspace: Workspace, context: Context, qtbot: QtBot
) -> None:
    run = recordings.add_finetune(
        workspace, "Banking", recordings.STEPS, "succeeded", rises_from=112, spec={"keep_best": False}
    )
    page = _open(context, qtbot, run.id)
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.learning.again_button, LEFT)
    assert asked.args[0] == "finetune"
    assert asked.args[1].spec.keep_best


def test_the_pointer_reads_the_values_of_all_curves(page: RunPage, qtbot: QtBot) -> None:
    plot = page.charts.loss
    qtbot.waitExposed(page)
    plot.refresh()
    view = plot.plot.viewport()
    QTest.mouseMove(view, QPoint(view.width() // 3, view.height() // 2))
    QTest.mouseMove(view, QPoint(view.width() // 2, view.height() // 2))
    qtbot.waitUntil(lambda: bool(plot.readout.text()), timeout=2000)
    lines = plot.readout.text().splitlines()
    assert lines[0].startswith("steps ")
    assert [line.split()[0] for line in lines[1:]] == ["training", "validation"]


def test_earlier_answers_open_newest_first(page: RunPage) -> None:
    first = page.samples.prompts[0]
    assert first.earlier_texts == []
    QTest.mouseClick(first.link, LEFT)
    assert first.earlier_texts[0].startswith("Step 252: card arrival")
    assert "✓" in first.earlier_texts[0]


def test_best_and_worst_rows_open_with_the_worst(page: RunPage) -> None:
    assert page.rows.texts() == []
    QTest.mouseClick(page.rows.toggle, LEFT)
    assert page.rows.texts()[3].endswith("(15)")
    QTest.mouseClick(page.rows.tabs.button("best"), LEFT)
    assert page.rows.texts()[3:6] == ["My card has not come (0)", "card arrival", "sure · 0.004"]


def choose(button: MenuButton, action: QAction) -> None:
    """Opens the menu and chooses from it."""
    QTest.mouseClick(button, LEFT)
    menu = button.actions_menu
    assert menu.isVisible()
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())


def test_the_first_batch_opens_token_by_token_with_its_legend(page: RunPage) -> None:
    card = page.batch
    assert card.isVisible()
    assert not card.legend.isVisible()
    QTest.mouseClick(card.toggle, LEFT)
    assert card.legend.isVisible()
    assert len(card.rows.texts) == len(recordings.BATCH)
    assert card.rows.counts[0].text() == "Row 1: 14 tokens, 3 of them learnt"
    parts = card.rows.texts[0]._parts
    assert [part.text for part in parts if part.learnt] == ["card ", "arrival ", "<|im_end|>"]
    assert next(part.text for part in parts if part.marker) == "<|im_start|>"


def test_a_run_is_saved_as_a_recipe_from_the_menu(
    workspace: Workspace, context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    model = recordings.add_artifact(workspace, "model", "base")
    data = recordings.add_artifact(workspace, "dataset", "questions")
    spec = {"model": model.id, "data": data.id, "method": "full"}
    page = _open(context, qtbot, recordings.add_finetune(workspace, "tuned", 5, "succeeded", spec=spec).id)
    choose(page.more_button, page.recipe_action)
    dialog = page.findChild(QFileDialog)
    with qtbot.waitSignal(page.notice_raised, timeout=5000) as said:
        dialog.selectFile(str(tmp_path / "bank.yaml"))
        dialog.accept()
    assert "slm-workbench run" in said.args[0]
    assert [job.name for job in reading.read(tmp_path / "bank.yaml").jobs] == ["tuned"]


def test_a_run_that_made_data_says_how_many_rows(qtbot: QtBot) -> None:
    card = ResultCard()
    qtbot.addWidget(card)
    counts = {"train": 1620, "validation": 150, "test": 300}
    card.show_result({"counts": counts, "added": {"typos": 250, "rewritten": 20}, "not_taken": 3})
    assert card._facts.names == [
        "Rows to learn from",
        "Rows to watch",
        "Rows for the test",
        "Of these added",
        "Rewritten, not taken",
    ]
    assert card._facts._values["Of these added"].text() == "270"
    card.show_result({"counts": counts, "left_out": {"empty": 2, "leakage": 5}})
    assert card._facts._values["Rows left out"].text() == "7"


def test_a_small_model_says_who_rounded_it(qtbot: QtBot) -> None:
    card = ResultCard()
    qtbot.addWidget(card)
    card.show_result({"recipe": "int4-mixed", "rounded_by": "gptq"})
    assert card._facts._values["Rounded by"].text() == "GPTQ, on rows"


def test_figures_are_exported_where_the_person_says(page: RunPage, qtbot: QtBot, tmp_path: Path) -> None:
    choose(page.more_button, page.export_action)
    dialog = page.findChild(ExportDialog)
    QTest.mouseClick(dialog.formats._cards["csv"], LEFT)
    dialog.folder.line.setText(str(tmp_path / "figures"))
    with qtbot.waitSignal(page.notice_raised, timeout=5000):
        QTest.mouseClick(dialog.export_button, LEFT)
    assert (tmp_path / "figures" / "Banking.csv").is_file()


def test_marked_runs_are_compared_on_one_chart(
    window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    recordings.add_finetune(workspace, "short", 100, "succeeded")
    recordings.add_finetune(workspace, "long", 200, "succeeded", spec={"lora_rank": 64})
    window.show_page("runs")
    runs = window.current_page
    assert isinstance(runs, RunsPage)
    assert not runs.compare_button.isEnabled()
    runs.table.selectAll()
    assert runs.compare_button.text() == "Compare 2 runs"
    QTest.mouseClick(runs.compare_button, LEFT)
    page = window.current_page
    assert isinstance(page, ComparePage)
    qtbot.waitUntil(lambda: page.plot is not None, timeout=5000)
    model = page.told.model()
    assert [model.index(0, column).data() for column in range(3)] == ["LoRA rank", "64", "16"]
    QTest.mouseClick(page.tabs.button("loss"), LEFT)
    assert page.plot.title_label.text() == "Training loss"


def test_runs_are_found_by_name_and_state(window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
    recordings.add_finetune(workspace, "Banking", 5, "succeeded")
    recordings.add_finetune(workspace, "Mails", 5, "failed")
    window.show_page("runs")
    runs = window.current_page
    QTest.keyClicks(runs.search, "bank")
    shown = runs.table.model()
    assert [shown.index(row, 0).data() for row in range(shown.rowCount())] == ["Banking"]
    runs.search.clear()
    runs.state.setCurrentIndex(runs.state.findData("broken"))
    assert runs.table.model().index(0, 0).data() == "Mails"


def test_a_duplicate_opens_the_wizard_with_everything_filled_in(
    window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    model = recordings.add_artifact(workspace, "model", "base")
    data = recordings.add_artifact(workspace, "dataset", "questions")
    spec = {"model": model.id, "data": data.id, "method": "full", "epochs": 4.5, "batch_size": 8}
    recordings.add_finetune(workspace, "Banking", 5, "succeeded", spec=spec)
    window.show_page("runs")
    runs = window.current_page
    runs.table.selectRow(0)
    QTest.mouseClick(runs.repeat_button, LEFT)
    page = window.current_page
    assert isinstance(page, FinetunePage)
    shown = page.view_model
    assert (shown.model.id, shown.data.id, shown.name) == (model.id, data.id, "Banking")
    # It was told no learning rate: that is kept too, and not what patience would choose now.
    assert shown.values == {"method": "full", "epochs": 4.5, "batch_size": 8, "learning_rate": None}
    assert page.method_card.form.field("batch_size").value() == 8
    assert page.method_card.form.field("epochs").value() == 4.5
    assert page.method_card.form.field("learning_rate").value() is None
    assert page.method_card.patience.currentData() == "balanced"
    assert page.method_card.methods.current == "full"


def test_a_low_agreement_with_the_source_is_marked_and_says_what_it_means_and_what_helps(
    qtbot: QtBot,
) -> None:
    card = ResultCard()
    qtbot.addWidget(card)
    name = "Same next word as its source"
    card.show_result({"recipe": "int4", "receipt": "amber", "agreement": 5 / 7})
    value = card._facts._values[name]
    assert value.text() == "⚠ 71 %"
    assert value.accessibleName() == f"{name}: 71 %, amber receipt"
    assert card.meaning.text().startswith("In 29 of 100 places it expects another next word than its source.")
    assert "int8 or int4-mixed" in card.meaning.text()
    card.show_result({"recipe": "int4-awq", "receipt": "green", "agreement": 0.74})
    assert card._facts._values[name].text() == "74 %"
    assert "close calls" in card.meaning.text()
    card.show_result({"recipe": "int8", "receipt": "green", "agreement": 0.98})
    assert card._facts._values[name].text() == "98 %"
    assert not card.meaning.text() or card.meaning.isHidden()
