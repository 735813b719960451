"""A recipe is run in the window, by clicks; the ends of its steps come as the queue would tell them."""

from __future__ import annotations

from pathlib import Path

import pytest
import recordings
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages.runs.page import RunsPage
from app.pages.runs.recipe_dialog import RecipeDialog
from app.settings import SettingsFile
from core.workspace.records import Run, State
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
RECIPE = """\
version: 1
title: Bank desk
steps:
  - name: questions
    kind: import_data
    set: {source: questions.csv}
  - name: tuned
    kind: finetune
    set: {model: base, data: questions, epochs: 2}
"""


@pytest.fixture
def file(tmp_path: Path, workspace: Workspace) -> Path:
    """A recipe of two steps beside its data; the model it wants is in the workspace."""
    recordings.add_artifact(workspace, "model", "base")
    (tmp_path / "questions.csv").write_text("text,category\nMy card is late,card arrival\n")
    path = tmp_path / "bank.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def page(window: MainWindow) -> RunsPage:
    window.show_page("runs")
    shown = window.current_page
    assert isinstance(shown, RunsPage)
    return shown


def opened(page: RunsPage, file: Path, qtbot: QtBot) -> RecipeDialog:
    """The dialog, once the recipe was read."""
    QTest.mouseClick(page.recipe_button, LEFT)
    choosing = page.window().findChild(QFileDialog)
    with qtbot.waitSignal(choosing.fileSelected):
        choosing.selectFile(str(file))
        choosing.accept()
    dialog = page.window().findChildren(RecipeDialog)[-1]
    qtbot.waitUntil(lambda: dialog.view_model.blocker != "reading", timeout=5000)
    return dialog


def end(context: Context, run: Run, state: State, type: str = "") -> None:
    """A run ends, and leaves an artifact of that type."""
    store = context.workspace.store
    store.set_state(run.id, "starting")
    if type:
        recordings.add_artifact(context.workspace, type, run.name, run.id)
    error = {"what": "The disk became full."} if state == "failed" else None
    store.set_state(run.id, state, error=error)
    context.bridge.run_changed.emit(run.id)


def waiting(context: Context) -> list[Run]:
    return [run for run in context.workspace.store.runs() if run.state == "queued"]


def test_the_plan_is_shown_and_nothing_is_queued_before_start(
    page: RunsPage, file: Path, workspace: Workspace, qtbot: QtBot
) -> None:
    dialog = opened(page, file, qtbot)
    assert dialog.heading.text() == "Run the recipe “Bank desk”"
    assert [(step.name, step.status) for step in dialog.steps] == [("questions", "to_do"), ("tuned", "to_do")]
    assert not dialog.consent.isVisible()
    QTest.mouseClick(dialog.cancel_button, LEFT)
    assert workspace.store.runs() == []


def test_each_step_is_queued_when_the_one_before_has_ended_well(
    page: RunsPage, file: Path, context: Context, qtbot: QtBot
) -> None:
    QTest.mouseClick(opened(page, file, qtbot).start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    (first,) = waiting(context)
    assert (first.kind, first.name) == ("import_data", "questions")
    assert page.recipe_card.note_label.text().startswith("Step 1 of 2")

    end(context, first, "succeeded", "dataset")
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    (second,) = waiting(context)
    assert (second.kind, second.spec["data"]) == ("finetune", "dataset-questions")
    assert second.spec["epochs"] == 2

    with qtbot.waitSignal(context.recipes.ended, timeout=5000):
        end(context, second, "succeeded", "model")
    assert page.recipe_card.pill.text() == "✓ Finished"
    QTest.mouseClick(page.recipe_card.close_button, LEFT)
    assert not page.recipe_card.isVisible()


@pytest.mark.parametrize(("state", "why"), [("failed", "The disk became full."), ("cancelled", "cancelled")])
def test_a_step_that_ends_badly_ends_the_recipe_which_goes_on_from_there(
    page: RunsPage, file: Path, context: Context, qtbot: QtBot, state: State, why: str
) -> None:
    QTest.mouseClick(opened(page, file, qtbot).start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    end(context, waiting(context)[0], "succeeded", "dataset")
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    broken = waiting(context)[0]
    end(context, broken, state)
    assert page.recipe_card.title_label.text() == "The recipe “Bank desk” ended at step 2 of 2."
    assert why in page.recipe_card.note_label.text()
    assert not waiting(context)

    QTest.mouseClick(page.recipe_card.again_button, LEFT)
    dialog = page.window().findChildren(RecipeDialog)[-1]
    qtbot.waitUntil(lambda: dialog.view_model.blocker != "reading", timeout=5000)
    assert [step.status for step in dialog.steps] == ["ready", "to_do"]
    QTest.mouseClick(dialog.start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    assert waiting(context)[0].id == broken.id  # its own run goes on


def test_an_ending_makes_everything_under_other_names(
    page: RunsPage, file: Path, context: Context, qtbot: QtBot
) -> None:
    recordings.add_artifact(context.workspace, "dataset", "questions")
    dialog = opened(page, file, qtbot)
    assert dialog.error_panel.isVisible()
    assert "something else of that name" in dialog.error_panel.title_label.text()
    assert "ending below" in dialog.error_panel.fix_label.text()
    QTest.mouseClick(dialog.suffix, LEFT)
    QTest.keyClicks(dialog.suffix, "-2")
    qtbot.waitUntil(lambda: dialog.start_button.isEnabled(), timeout=5000)
    QTest.mouseClick(dialog.start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    assert waiting(context)[0].name == "questions-2"


def test_a_refusal_names_file_line_and_field(
    page: RunsPage, file: Path, workspace: Workspace, qtbot: QtBot
) -> None:
    file.write_text(RECIPE.replace("epochs: 2", "epochs: many"))
    dialog = opened(page, file, qtbot)
    assert dialog.error_panel.title_label.text().startswith("bank.yaml, line 9")
    assert dialog.error_panel.fix_label.text()
    assert dialog.start_button.text() == "This recipe cannot start"
    QTest.mouseClick(dialog.start_button, LEFT)
    assert workspace.store.runs() == []


def test_a_download_needs_a_yes_of_its_own(
    page: RunsPage, file: Path, context: Context, qtbot: QtBot
) -> None:
    step = "  - name: small\n    kind: download_model\n    set: {source: 'hf:org/small'}\n"
    file.write_text("version: 1\nsteps:\n" + step)
    dialog = opened(page, file, qtbot)
    assert "hf:org/small" not in dialog.asked.text()
    assert "huggingface.co: org/small, revision main" in dialog.asked.text()
    assert dialog.start_button.text() == "Agree to the download first"
    dialog.consent.click()
    QTest.mouseClick(dialog.start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    assert waiting(context)[0].spec["source"] == "hf:org/small"


def test_one_recipe_at_a_time(page: RunsPage, file: Path, context: Context, qtbot: QtBot) -> None:
    QTest.mouseClick(opened(page, file, qtbot).start_button, LEFT)
    qtbot.waitUntil(lambda: bool(waiting(context)), timeout=5000)
    dialog = opened(page, file, qtbot)
    assert dialog.start_button.text() == "Another recipe is at work"
    assert not dialog.start_button.isEnabled()


@pytest.mark.timeout(120)
def test_the_real_queue_runs_one_step_after_the_other(
    workspace: Workspace, tmp_path: Path, qtbot: QtBot
) -> None:
    rows = "".join(f"My card number {n} has not come yet,{('lost', 'late')[n % 2]}\n" for n in range(60))
    (tmp_path / "cards.csv").write_text("text,category\n" + rows)
    file = tmp_path / "cards.yaml"
    file.write_text(
        "version: 1\ntitle: Cards\nsteps:\n"
        "  - {name: cards, kind: import_data, set: {source: cards.csv}}\n"
        "  - {name: varied, kind: augment, set: {data: cards, typos: 0.5}}\n"
    )
    bridge = JobBridge(workspace)
    context = Context(workspace, bridge, SettingsFile(tmp_path / "settings.json"))
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.show()
    bridge.start()
    window.show_page("runs")
    page = window.current_page
    assert isinstance(page, RunsPage)
    dialog = opened(page, file, qtbot)
    with qtbot.waitSignal(context.recipes.ended, timeout=90_000) as ended:
        QTest.mouseClick(dialog.start_button, LEFT)
    assert bridge.close(30.0)
    assert ended.args[0].error is None
    assert sorted(item.name for item in workspace.store.artifacts("dataset")) == ["cards", "varied"]
    dialog = opened(page, file, qtbot)
    assert dialog.start_button.text() == "Everything is here already"
    dialog.reject()
