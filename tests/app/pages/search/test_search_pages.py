"""Setting up a search, and following one, by clicks."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from search_recording import add_search

from app.background import Background
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages.runs.run_view_model import RunViewModel
from app.pages.search.page import SearchPage
from app.pages.search.run_page import SearchRunPage
from app.pages.search.view_model import SearchViewModel
from core.specs import FinetuneSpec, SearchSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge, add_model: Add, add_data: Add) -> SearchPage:
    add_model()
    add_data()
    page = SearchPage(SearchViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


@pytest.fixture
def run_page(qtbot: QtBot, bridge: JobBridge) -> SearchRunPage:
    page = SearchRunPage(RunViewModel(bridge, Background()))
    qtbot.addWidget(page)
    page.resize(1232, 1100)
    page.show()
    return page


def type_into(line: object, text: str) -> None:
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


def test_the_usual_search_starts_with_one_click(page: SearchPage, qtbot: QtBot, workspace: Workspace) -> None:
    assert page.preview_card.start_button.text() == "Start the search"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    spec = SearchSpec.model_validate(run.spec)
    assert (spec.minutes, spec.sampler, spec.method) == (30.0, "tpe", "lora")
    assert set(spec.fields) == {
        "learning_rate",
        "lora_rank",
        "lora_alpha",
        "lora_dropout",
        "batch_size",
        "epochs",
    }


def test_a_setting_is_left_out_or_given_other_values(page: SearchPage) -> None:
    rows = page.field_card.rows
    QTest.mouseClick(rows["lora_dropout"].box, LEFT, pos=QPoint(8, rows["lora_dropout"].box.height() // 2))
    assert not rows["lora_dropout"].line.isEnabled()
    type_into(rows["lora_rank"].line, "8, 64")
    spec = page.view_model.spec()
    assert "lora_dropout" not in spec.fields
    assert spec.fields["lora_rank"].choices == (8, 64)
    assert "--search lora_rank=8,64" in page.view_model.command()


def test_impossible_values_are_refused_beside_the_field(page: SearchPage) -> None:
    row = page.field_card.rows["learning_rate"]
    type_into(row.line, "fast")
    assert "Type two ends" in row.problem.text()
    assert page.preview_card.start_button.text() == "Correct the values to try first"
    type_into(row.line, "0.1:3")
    assert row.problem.text().startswith("learning_rate cannot be 3")
    type_into(row.line, "0.001:0.01")
    assert page.preview_card.start_button.isEnabled()


def test_a_fine_tuning_s_settings_are_shared_unless_they_are_searched(page: SearchPage) -> None:
    model, data = page.view_model.model, page.view_model.data
    page.open_with(FinetuneSpec(model=model.id, data=data.id, method="full", epochs=6, max_length=128))
    assert set(page.field_card.rows).isdisjoint({"lora_rank", "lora_alpha", "lora_dropout"})
    assert page.view_model.spec().settings == {"method": "full", "max_length": 128}
    assert "max_length: 128" in page.field_card.note_label.text()


def test_budget_and_sampler_are_set_in_the_form(page: SearchPage, workspace: Workspace) -> None:
    type_into(page.form.field("minutes").control, "5")
    type_into(page.form.field("trials").control, "0")
    assert page.preview_card.start_button.text() == "Correct the settings first"
    type_into(page.form.field("trials").control, "12")
    sampler = page.form.field("sampler").control
    sampler.setFocus()
    QTest.keyClick(sampler, Qt.Key.Key_Down)
    QTest.mouseClick(page.preview_card.start_button, LEFT)
    spec = SearchSpec.model_validate(workspace.store.runs()[0].spec)
    assert (spec.minutes, spec.trials, spec.sampler) == (5.0, 12, "random")


def test_a_search_is_shown_with_its_best_and_what_mattered(
    run_page: SearchRunPage, qtbot: QtBot, workspace: Workspace
) -> None:
    run = add_search(workspace, 30, "succeeded")
    run_page.open_with(run.id)
    qtbot.waitUntil(lambda: run_page.table.rows.rowCount() == 30)
    best = run_page.results.best
    assert run_page.table.model().index(0, 0).data() == f"★ {best.number}"
    assert f"Trial {best.number} is the best" in run_page.best.title_label.text()
    assert not run_page.importance.waiting.isVisible()
    assert len(run_page.history.points("best_validation_loss")) > 10
    with qtbot.waitSignal(run_page.page_requested) as asked:
        QTest.mouseClick(run_page.best.button, LEFT)
    assert asked.args[0] == "finetune"
    spec = asked.args[1]
    assert spec.learning_rate == best.params["learning_rate"]
    assert spec.lora_alpha == best.params["lora_alpha"] * best.params["lora_rank"]


def test_row_and_line_of_a_trial_are_chosen_together(
    run_page: SearchRunPage, qtbot: QtBot, workspace: Workspace
) -> None:
    run_page.open_with(add_search(workspace, 9, "succeeded").id)
    qtbot.waitUntil(lambda: run_page.table.rows.rowCount() == 9)
    table, plot = run_page.table, run_page.parallel
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.model().index(2, 1)).center())
    number = table.model().index(2, 0).data(Qt.ItemDataRole.UserRole + 2)
    assert plot.chosen == number
    assert plot.said.full_text.startswith(f"Trial {number}:")
    other = next(thread for thread in plot._threads if thread.number != number and thread.quality is not None)
    assert plot.line_at(0.0, plot._axes[0].place(other.values[0])) != 0
    plot.trial_chosen.emit(other.number)
    assert table.currentIndex().siblingAtColumn(0).data(Qt.ItemDataRole.UserRole + 2) == other.number


def test_a_search_without_trials_and_one_that_begins_are_shown(
    run_page: SearchRunPage, qtbot: QtBot, workspace: Workspace
) -> None:
    run_page.open_with(add_search(workspace, 0, "running").id)
    QTest.qWait(60)
    assert not run_page.best.isVisible()
    assert run_page.importance.waiting.isVisible()
    run_page.open_with(add_search(workspace, 1, "running", name="second").id)
    qtbot.waitUntil(lambda: run_page.table.rows.rowCount() == 1)
    assert not run_page.best.isVisible()
    assert "Trial 1 of at most" in run_page.progress.step.text()


def test_from_fine_tuning_to_the_search_and_back_with_the_best(
    window: MainWindow, qtbot: QtBot, workspace: Workspace, add_model: Add, add_data: Add
) -> None:
    model, data = add_model(), add_data()
    window.show_page("finetune")
    finetune = window.current_page
    QTest.mouseClick(finetune.method_card.search_button, LEFT)
    search = window.current_page
    assert isinstance(search, SearchPage)
    assert (search.view_model.model.id, search.view_model.data.id) == (model.id, data.id)
    run = add_search(workspace, 12, "succeeded", model=model.id, data=data.id)
    window.show_page("runs", run.id)
    shown = window.current_page
    assert isinstance(shown, SearchRunPage)
    qtbot.waitUntil(lambda: shown.best.isVisible())
    QTest.mouseClick(shown.best.button, LEFT)
    assert window.current_page is finetune
    best = shown.results.best_settings
    assert finetune.view_model.spec() == best
    assert finetune.method_card.form.field("learning_rate").value() == pytest.approx(best.learning_rate, 1e-5)
    QTest.mouseClick(finetune.preview_card.start_button, LEFT)
    assert FinetuneSpec.model_validate(workspace.store.runs()[0].spec) == best
    assert time.time() - workspace.store.runs()[0].created_at < 60
