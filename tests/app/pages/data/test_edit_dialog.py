"""Reading, correcting and dropping rows, by clicks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.job_bridge import JobBridge
from app.pages.data import reading
from app.pages.data.edit_dialog import EditDialog
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.page import DataPage
from app.pages.data.view_model import DataViewModel
from core.data import dataset, dropped
from core.data.dropped import DroppedRow
from core.specs import EditDataSpec, ImportDataSpec
from core.specs.editing import RowEdit, RowPlace, RowRating
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


@pytest.fixture
def dialog(page: DataPage, add_data: Callable[..., Artifact], qtbot: QtBot) -> EditDialog:
    """The dialog over the small data set, its first rows read."""
    page.open_with(add_data().id)
    qtbot.waitUntil(page.rows_card.isVisible)
    QTest.mouseClick(page.edit_button, LEFT)
    dialog = page.window().findChild(EditDialog)
    qtbot.waitUntil(lambda: bool(dialog.fields))
    return dialog


def click(widget: object) -> None:
    QTest.mouseClick(widget, LEFT)


def write(dialog: EditDialog, field: int, text: str) -> None:
    lines = dialog.fields[field].lines
    lines.setFocus()
    lines.selectAll()
    QTest.keyClicks(lines, text)


def test_what_was_corrected_and_dropped_becomes_a_version(
    dialog: EditDialog, page: DataPage, workspace: Workspace
) -> None:
    assert dialog.make_button.text() == "Change, drop or rate a row first"
    write(dialog, 0, "Where is my card?")
    other = next(label for label in dialog.fields[1].field.choices if label != dialog.fields[1].text)
    dialog.fields[1].box.setCurrentText(other)
    assert dialog.view_model.items[0].verdict == "edited"
    click(dialog.keep_button)
    assert dialog.view_model.current.place == 2, "the next row"
    click(dialog.drop_button)
    click(dialog.keep_button)
    assert dialog.counts.text() == "Read: 3 · changed: 1 · dropped: 1"
    click(dialog.make_button)
    spec = EditDataSpec.model_validate(workspace.store.runs()[0].spec)
    assert spec.name == "Banking questions edited"
    assert spec.edits == (
        RowEdit(place=1, column="category", text=other),
        RowEdit(place=1, column="text", text="Where is my card?"),
    )
    assert spec.dropped == (RowPlace(place=2),)
    assert not dialog.isVisible()
    assert page.jobs_card.isVisible()


def test_ratings_stay_with_their_rows_and_low_ones_can_be_left_out(
    dialog: EditDialog, workspace: Workspace
) -> None:
    assert not dialog.least.isVisible()
    click(dialog.stars[5])
    assert dialog.stars[5].isChecked()
    click(dialog.keep_button)
    click(dialog.stars[2])
    click(dialog.stars[2])
    assert not dialog.stars[2].isChecked(), "the same once more takes it back"
    click(dialog.stars[2])
    assert [item.stars for item in dialog.view_model.items[:2]] == [5, 2]
    dialog.least.setCurrentIndex(dialog.least.findData(3))
    assert dialog.view_model.items[1].verdict == "low"
    assert dialog.counts.text() == "Read: 2 · changed: 0 · dropped: 1 · rated: 2"
    click(dialog.make_button)
    spec = EditDataSpec.model_validate(workspace.store.runs()[0].spec)
    assert spec.ratings == (RowRating(place=1, stars=5), RowRating(place=2, stars=2))
    assert (spec.least_stars, spec.dropped) == (3, ())


def test_a_change_can_be_taken_back(dialog: EditDialog) -> None:
    before = dialog.fields[0].text
    write(dialog, 0, "x")
    click(dialog.fields[0].back_button)
    assert dialog.fields[0].text == before
    click(dialog.drop_button)
    dialog.list.choose("train 1")
    assert not dialog.drop_button.isVisible()
    click(dialog.take_back_button)
    assert dialog.view_model.current.place == 1, "it stays in sight, to be corrected"
    assert dialog.make_button.text() == "Change, drop or rate a row first"


def test_what_was_dropped_here_is_listed_and_can_be_taken_back(dialog: EditDialog, qtbot: QtBot) -> None:
    assert not dialog.splits.button("dropped").isVisible(), "nothing is dropped"
    click(dialog.drop_button)
    click(dialog.drop_button)
    click(dialog.splits.button("dropped"))
    qtbot.waitUntil(lambda: dialog.view_model.split == "dropped")
    assert [item.verdict for item in dialog.view_model.items] == ["dropped", "dropped"]
    click(dialog.take_back_button)
    assert [item.verdict for item in dialog.view_model.items] == ["", "dropped"]
    assert dialog.counts.text() == "Read: 1 · changed: 0 · dropped: 1"


def test_what_was_dropped_before_says_why_and_comes_back_corrected(
    page: DataPage, add_data: Callable[..., Artifact], workspace: Workspace, qtbot: QtBot
) -> None:
    data = add_data()
    rows = (
        DroppedRow("no_label", {"text": "Is it lost?", "category": "I think it is lost."}),
        DroppedRow("cut", {"text": "And now?", "category": ""}),
    )
    file = workspace.artifact_folder(data.id) / dropped.DROPPED
    file.write_text("".join(map(dropped.line, rows)))
    page.open_with(data.id)
    qtbot.waitUntil(page.rows_card.isVisible)
    click(page.edit_button)
    dialog = page.window().findChild(EditDialog)
    qtbot.waitUntil(dialog.splits.button("dropped").isVisible)
    click(dialog.splits.button("dropped"))
    qtbot.waitUntil(lambda: dialog.view_model.split == "dropped")
    assert [item.why for item in dialog.view_model.items] == ["no_label", "cut"]
    assert dialog.why.text() == "Dropped before: none of the labels."
    assert not dialog.fields[1].isEnabled()
    click(dialog.take_back_button)
    dialog.fields[1].box.setCurrentText("lost card")
    dialog.list.choose("dropped 2")
    click(dialog.take_back_button)
    assert dialog.make_button.text() == "Fill the empty field, or drop its row"
    click(dialog.drop_button)
    assert dialog.counts.text() == "Read: 1 · changed: 0 · dropped: 0 · taken back: 1"
    click(dialog.make_button)
    spec = EditDataSpec.model_validate(workspace.store.runs()[0].spec)
    assert spec.taken_back == (1,)
    assert spec.edits == (RowEdit(split="dropped", place=1, column="category", text="lost card"),)


def test_an_empty_value_blocks_and_says_so(dialog: EditDialog) -> None:
    write(dialog, 0, " ")
    assert dialog.make_button.text() == "Fill the empty field, or drop its row"
    click(dialog.drop_button)
    assert dialog.make_button.isEnabled()


def test_closing_asks_before_changes_are_lost(dialog: EditDialog) -> None:
    click(dialog.drop_button)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    asking = dialog.findChild(ConfirmDialog)
    click(asking.act_button)
    assert not dialog.isVisible()


@pytest.mark.timeout(60)
def test_the_version_is_shown_when_it_is_made(
    dialog: EditDialog, page: DataPage, bridge: JobBridge, qtbot: QtBot
) -> None:
    bridge.start()
    write(dialog, 0, "Where is my card?")
    click(dialog.make_button)
    qtbot.waitUntil(lambda: page.view_model.selected.name == "Banking questions edited", timeout=20000)
    qtbot.waitUntil(lambda: page.view_model.opened is not None, timeout=10000)
    assert page.view_model.opened.preview.rows[0][0] == "Where is my card?"
    assert bridge.close(10.0)


def test_a_chat_is_read_message_by_message_and_a_late_row_is_found(tmp_path: Path) -> None:
    source = tmp_path / "chats.jsonl"
    source.write_text(
        "".join(
            json.dumps(
                {
                    "messages": [
                        {"role": "user", "content": f"hello {at}"},
                        {"role": "assistant", "content": "good day"},
                    ]
                }
            )
            + "\n"
            for at in range(40)
        )
    )
    folder = tmp_path / "data"
    folder.mkdir()
    info = dataset.build(ImportDataSpec(source=str(source), name="chats"), folder)
    last = info.counts["train"]
    (row,) = reading.rows_at(folder, "train", last, 10)
    assert (row.place, [field.message for field in row.fields]) == (last, [0, 1])
    assert [field.role for field in row.fields] == ["user", "assistant"]
