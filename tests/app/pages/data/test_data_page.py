"""The data page, by clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import recordings
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.job_bridge import JobBridge
from app.pages import sees_view_model
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.page import DataPage
from app.pages.data.vary_dialog import VaryDialog
from app.pages.data.view_model import DataViewModel
from core.jobs.events import Event
from core.specs import PreviewSpec, Spec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> DataPage:
    page = DataPage(DataViewModel(bridge), ImportViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


def drop(page: DataPage, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    page.dropEvent(
        QDropEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    )


def texts(page: DataPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_empty_page_offers_the_starter_data_and_adds_it(
    page: DataPage, qtbot: QtBot, workspace: Workspace
) -> None:
    assert page.empty.isVisible()
    QTest.mouseClick(page.empty.action_button, LEFT)
    qtbot.waitUntil(lambda: page.import_card.add_button.isEnabled(), timeout=20000)
    assert page.check_card.isVisible()
    qtbot.waitUntil(lambda: "1,500 and 300 in the test file" in texts(page))
    QTest.mouseClick(page.import_card.add_button, LEFT)
    run = workspace.store.runs()[0]
    assert run.kind == "import_data"
    assert run.name == "Banking questions"
    assert run.spec["roles"] == {"user": "text", "label": "category"}
    assert len(run.spec["source_sha256"]) == len(run.spec["test_sha256"]) == 64
    assert page.jobs_card.isVisible()


def test_dropped_file_is_shown_as_written_and_checked(page: DataPage, qtbot: QtBot, questions: Path) -> None:
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    rows = page.file_card.rows.model()
    assert rows.index(3, 0).data() == "<b>Where</b> is it"
    assert [picker.currentData() for picker in page.file_card.rows.pickers] == ["user", "label"]
    assert page.import_card.name.line.text() == "questions"
    assert page.import_card.add_button.text() == "Add data"


def test_button_says_what_blocks_it(page: DataPage, qtbot: QtBot, questions: Path) -> None:
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    picker = page.file_card.rows.pickers[1]
    picker.setFocus()
    picker.setCurrentIndex(0)
    assert page.import_card.add_button.text() == "Say what the columns are first"
    assert not page.import_card.add_button.isEnabled()
    picker.setCurrentIndex(picker.findData("assistant"))
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    assert page.importing.checked.report.task == "generation"
    page.import_card.name.line.setFocus()
    page.import_card.name.line.selectAll()
    QTest.keyClicks(page.import_card.name.line, "?")
    assert page.import_card.add_button.text() == "Choose another name first"
    assert page.import_card.name.problem.isVisible()


def test_a_role_moves_from_one_column_to_another(page: DataPage, qtbot: QtBot, questions: Path) -> None:
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    page.file_card.rows.pickers[1].setCurrentIndex(1)
    assert page.importing.roles == {"user": "category"}
    assert page.file_card.rows.pickers[0].currentData() == ""


def test_name_of_another_data_set_is_taken(
    page: DataPage, qtbot: QtBot, questions: Path, add_data: Callable[..., Artifact]
) -> None:
    add_data("questions")
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    assert page.import_card.name.line.text() == "questions-2"
    page.importing.set_name("questions")
    assert page.import_card.add_button.text() == "Choose a free name first"


def test_refused_file_says_where_and_why(page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("text,label\n" + "a,b\n" * 20 + "only one value\n", encoding="utf-8")
    drop(page, bad)
    qtbot.waitUntil(lambda: page.importing.checked is not None or page.error_panel.isVisible())
    qtbot.waitUntil(lambda: "bad.csv · line 22" in texts(page))
    assert "1 values" in texts(page)
    assert page.import_card.add_button.text() == "Correct the file first"


def test_a_file_that_is_no_table_is_an_error_and_nothing_is_kept(
    page: DataPage, qtbot: QtBot, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    drop(page, empty)
    qtbot.waitUntil(page.error_panel.isVisible)
    assert "empty.csv" in page.error_panel.title_label.text()
    assert page.empty.isVisible()


def test_library_shows_counts_rows_and_check(
    page: DataPage, qtbot: QtBot, add_data: Callable[..., Artifact]
) -> None:
    added = add_data()
    page.open_with(added.id)
    qtbot.waitUntil(page.rows_card.isVisible)
    assert page.list.model().index(0, 0).data() == "Banking questions"
    assert page.details.isVisible()
    assert page.rows.model().rowCount() == added.meta["counts"]["train"]
    assert page.check_card.isVisible()


def test_questions_are_listed_for_a_teacher_and_not_to_learn_from(
    page: DataPage, workspace: Workspace
) -> None:
    recordings.add_artifact(workspace, "dataset", "Answered")
    page.view_model.refresh()
    shown = page.list.model()
    assert shown.columnCount() == 6, "no column for what is not there"
    counts = {"train": 8, "validation": 0, "test": 0}
    recordings.add_artifact(workspace, "dataset", "Asked", meta={"task": "questions", "counts": counts})
    page.view_model.refresh()
    heads = [shown.headerData(at, Qt.Orientation.Horizontal) for at in range(shown.columnCount())]
    assert heads[1:5] == ["To learn from", "To watch", "For the test", "For a teacher"]
    rows = {
        shown.index(row, 0).data(): [shown.index(row, at).data() for at in range(1, 5)] for row in range(2)
    }
    assert rows["Asked"] == ["–", "–", "–", "8"]
    assert rows["Answered"][3] == "–"


def test_removing_asks_and_keeps_by_default(
    page: DataPage, qtbot: QtBot, add_data: Callable[..., Artifact], workspace: Workspace
) -> None:
    added = add_data()
    page.open_with(added.id)
    QTest.mouseClick(page.details.remove_button, LEFT)
    dialog = page.findChild(ConfirmDialog)
    assert added.name in dialog.windowTitle()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert workspace.store.find_artifact(added.id) is not None
    QTest.mouseClick(page.details.remove_button, LEFT)
    dialog = next(item for item in page.findChildren(ConfirmDialog) if item.isVisible())
    QTest.mouseClick(dialog.act_button, LEFT)
    qtbot.waitUntil(lambda: workspace.store.find_artifact(added.id) is None)
    qtbot.waitUntil(page.empty.isVisible)
    assert not workspace.artifact_folder(added.id).exists()


def test_removing_says_what_learnt_from_it(
    page: DataPage, add_data: Callable[..., Artifact], add_model: Callable[..., Artifact]
) -> None:
    added = add_data()
    add_model("tuned", taught_on=[added.id])
    page.open_with(added.id)
    QTest.mouseClick(page.details.remove_button, LEFT)
    dialog = page.findChild(ConfirmDialog)
    assert any("Learnt from it: tuned." in label.text() for label in dialog.findChildren(QLabel))
    QTest.keyClick(dialog, Qt.Key.Key_Return)


def test_a_newer_file_replaces_the_check_of_the_older_one(
    page: DataPage, qtbot: QtBot, questions: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_text(
        "text,label\n" + "".join(f"question number {n},label {n % 9}\n" for n in range(60000)),
        encoding="utf-8",
    )
    drop(page, large)
    qtbot.waitUntil(lambda: page.importing.is_checking, timeout=10000)
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None, timeout=20000)
    assert page.importing.checked.report.rows == 12
    QApplication.processEvents()
    assert page.importing.path == questions


def test_added_data_appears_in_the_list_when_its_job_has_ended(
    page: DataPage, qtbot: QtBot, bridge: JobBridge, questions: Path
) -> None:
    bridge.start()
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    QTest.mouseClick(page.import_card.add_button, LEFT)
    assert page.jobs_card.isVisible()
    qtbot.waitUntil(lambda: bool(page.view_model.items), timeout=60000)
    qtbot.waitUntil(lambda: not page.jobs_card.isVisible(), timeout=20000)
    assert page.list.model().index(0, 0).data() == "questions"
    assert page.details.origins.isVisible()
    assert page.view_model.origins()[0].source == str(questions)


def test_the_task_is_said_in_words_and_can_be_changed(
    page: DataPage, qtbot: QtBot, questions: Path, workspace: Workspace
) -> None:
    drop(page, questions)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    assert page.import_card.task.note.text() == "Learns to say the right label"
    box = page.import_card.task.box
    box.setCurrentIndex(box.findData("summarization"))
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    assert page.import_card.instruction.line.placeholderText() == "Summarize in one sentence."
    page.import_card.instruction.line.setFocus()
    QTest.keyClicks(page.import_card.instruction.line, "In short:")
    QTest.keyClick(page.import_card.instruction.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.import_card.add_button.isEnabled())
    QTest.mouseClick(page.import_card.add_button, LEFT)
    spec = workspace.store.runs()[0].spec
    assert (spec["task"], spec["instruction"]) == ("summarization", "In short:")


def test_questions_without_answers_are_brought_in_and_lead_to_the_teacher(
    page: DataPage, qtbot: QtBot, tmp_path: Path, workspace: Workspace, bridge: JobBridge
) -> None:
    text = tmp_path / "asked.txt"
    text.write_text("Where is my card?\nHow do I pay?\n", encoding="utf-8")
    drop(page, text)
    qtbot.waitUntil(lambda: page.importing.checked is not None)
    qtbot.waitUntil(lambda: "--task questions" in texts(page))  # it was read as a text to read on
    box = page.import_card.task.box
    box.setCurrentIndex(box.findData("questions"))
    qtbot.waitUntil(lambda: page.importing.is_open)
    assert page.file_card.rows.model().index(2, 0).data() == "How do I pay?"
    assert not page.import_card.test.isVisible()
    assert "for a teacher" in page.import_card.note.text()
    bridge.start()
    QTest.mouseClick(page.import_card.add_button, LEFT)
    qtbot.waitUntil(lambda: bool(page.view_model.items), timeout=60000)
    qtbot.waitUntil(lambda: page.details.generate_button.isVisible(), timeout=20000)
    assert not page.details.finetune_button.isVisible()
    assert not page.tokens_card.isVisible()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.details.generate_button, LEFT)
    assert asked.args == ["generate", page.view_model.items[0].id]


def test_varied_rows_are_asked_for_in_a_dialog(
    page: DataPage, qtbot: QtBot, add_data: Callable[..., Artifact], workspace: Workspace
) -> None:
    added = add_data()
    page.open_with(added.id)
    QTest.mouseClick(page.details.vary_button, LEFT)
    dialog = page.findChild(VaryDialog)
    assert dialog is not None
    dialog.typos.box.setCurrentIndex(0)
    assert not dialog.act_button.isEnabled()
    dialog.typos.box.setCurrentIndex(3)
    QTest.mouseClick(dialog.act_button, LEFT)
    run = workspace.store.runs()[0]
    assert (run.kind, run.spec["data"], run.spec["typos"]) == ("augment", added.id, 0.3)


def test_a_chosen_model_shows_the_rows_as_it_sees_them(
    page: DataPage,
    add_model: Callable[..., Artifact],
    add_data: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    asked: list[Spec] = []

    def child(_workspace: Workspace, spec: Spec, _cancelled: object) -> list[Event]:
        asked.append(spec)
        return [Event("batch", 0, 0.0, {"rows": recordings.BATCH})]

    monkeypatch.setattr(sees_view_model, "look", child)  # the real one starts a process that loads torch
    model, data = add_model(), add_data()
    page.open_with(data.id)
    qtbot.waitUntil(page.tokens_card.isVisible, timeout=5000)
    qtbot.wait(1000)
    assert asked == []  # nobody chose a model yet
    page.tokens_card.learner.box.setCurrentIndex(1)
    assert page.tokens_card.waiting.isVisible()
    qtbot.waitUntil(page.tokens_card.legend.isVisible, timeout=5000)
    assert asked == [PreviewSpec(model=model.id, data=data.id, rows=4)]
    assert not page.tokens_card.waiting.isVisible()
    learnt = [part.text for part in page.tokens_card.rows.texts[0]._parts if part.learnt]
    assert learnt == ["card ", "arrival ", "<|im_end|>"]
