"""What a hand does on the compare page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pages.compare import limit_steps
from app.pages.compare.page import ComparePage
from core.models.board.axes import Axis

LEFT = Qt.MouseButton.LeftButton


def opened(page: ComparePage, qtbot: QtBot, argument: object = None) -> ComparePage:
    """The page once everything that is read in the background is there."""
    page.open_with(argument)
    model = page.view_model
    qtbot.waitUntil(lambda: model.is_read and not model.is_busy, timeout=30000)
    return page


def slide(page: ComparePage, axis: Axis, limit: float | None) -> None:
    slider = page.limits_card.sliders[axis]
    slider.slider.setValue(limit_steps.place_of(slider._steps, limit))


def rows_of(page: ComparePage) -> dict[str, int]:
    """The table's rows by the variant's name, without its signs."""
    assert page.table_card.table is not None
    model = page.table_card.table.model()
    texts = [str(model.index(row, 0).data()).lstrip("★⚠✗ ") for row in range(model.rowCount())]
    return {text: row for row, text in enumerate(texts)}


def click(page: ComparePage, name: str) -> None:
    assert page.table_card.table is not None
    area = page.table_card.table.visualRect(page.table_card.table.model().index(rows_of(page)[name], 1))
    QTest.mouseClick(page.table_card.table.viewport(), LEFT, pos=area.center())
