"""What stands before and behind a variant's name and figures in the table, as text and read aloud."""

from __future__ import annotations

from dataclasses import replace

import pytest
from board_hands import LEFT, click, opened, rows_of
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pages.compare.page import ComparePage
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.boards import SEVEN


def test_an_evaluation_that_was_stopped_says_so_and_is_offered_to_be_measured_again(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:2], data)
    boards.add_report(workspace, SEVEN[:1], models, data, range(300))
    boards.add_report(workspace, SEVEN[1:2], models, data, range(40), asked=300)
    opened(page, qtbot)
    assert page.verdict_card.title_label.text() == "Take “Teacher”."
    assert "The evaluation of Tuned was stopped after 40 of 300 rows." in page.verdict_card.note_label.text()
    assert page.table_card.table is not None
    cell = page.table_card.table.model().index(rows_of(page)["Tuned"], 1)
    assert cell.data().endswith(" (40 of 300)")
    assert cell.data(Qt.ItemDataRole.ToolTipRole).endswith(" (40 of 300), the evaluation was stopped")
    assert "stopped half-way: Tuned (40 of 300 rows)" in page.notes.text()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.measure_button, LEFT)
    assert asked.args == ["evaluate", [models["Tuned"].id, data.id]]


def test_a_model_that_is_mostly_wrong_is_not_recommended_though_it_is_the_best(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace, [replace(SEVEN[0], share=0.25), replace(SEVEN[1], share=0.1)])
    opened(page, qtbot)
    card = page.verdict_card
    assert card.title_label.text() == "“Teacher” is hardly useful: 25 % right."
    assert card.note_label.text().startswith("It is wrong more often than right. ")
    assert card.deploy_button.text() == "Deploy it all the same"
    assert list(rows_of(page)) == ["Teacher", "Tuned"]
    assert page.table_card.table is not None
    assert not any(
        "★" in page.table_card.table.model().index(row, 0).data() for row in rows_of(page).values()
    )


def test_a_red_receipt_says_why_it_cannot_be_deployed(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    sketches = [replace(item, receipt="red") if item.name == "Tuned, int8" else item for item in SEVEN]
    boards.add_lineage(workspace, sketches)
    opened(page, qtbot)
    click(page, "Tuned, int8")
    assert page.table_card.table is not None
    cell = page.table_card.table.model().index(rows_of(page)["Tuned, int8"], 0)
    assert cell.data() == "✗ Tuned, int8"
    assert "red receipt" in cell.data(Qt.ItemDataRole.AccessibleTextRole)
    assert page.verdict_card.deploy_button.text() == "Its receipt is red"
    assert not page.verdict_card.deploy_button.isEnabled()
    assert "answers agree on 3 of 8 prompts" in page.verdict_card.reason.text().replace("\u200b", "")


@pytest.mark.parametrize("width", [1231, 891])
def test_right_time_memory_and_size_are_all_seen(
    page: ComparePage, qtbot: QtBot, workspace: Workspace, width: int
) -> None:
    """The page's width in a window of 1440 and of 1100 pixels."""
    boards.add_lineage(workspace)
    page.resize(width, 1400)
    opened(page, qtbot)
    table = page.table_card.table
    assert table is not None
    qtbot.waitUntil(lambda: table.viewport().width() > 300)
    for column in range(5):
        assert not table.isColumnHidden(column)
        area = table.visualRect(table.model().index(0, column))
        assert area.right() <= table.viewport().width()


def test_a_table_without_room_for_them_scrolls_sideways(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    table = page.table_card.table
    assert table is not None
    table.setFixedWidth(420)
    qtbot.waitUntil(lambda: table.viewport().width() <= 420)
    assert not any(table.isColumnHidden(column) for column in range(5))
    assert table.horizontalScrollBar().isVisible()
    assert table.horizontalScrollBar().maximum() > 0
