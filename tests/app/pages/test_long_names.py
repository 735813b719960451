"""A name of a hundred letters without a space must not push anything out of the window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from app.context import Context
from app.main_window import MainWindow
from core.workspace.records import Artifact

NAME = "W" * 100


@pytest.mark.parametrize(
    "key", ["data", "models", "generate", "distill", "prune", "finetune", "quantize", "evaluate", "deploy"]
)
def test_long_names_fit(
    key: str,
    context: Context,
    add_model: Callable[..., Artifact],
    add_data: Callable[..., Artifact],
    qtbot: QtBot,
) -> None:
    receipt = {"status": "amber", "reasons": [NAME]}
    model = add_model(NAME, licence="L" * 300, receipt=receipt)
    data = add_data(NAME)
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.resize(1100, 700)
    window.show()
    window.show_page(key, data.id if key == "data" else None if key == "deploy" else model.id)
    page = window.current_page
    qtbot.wait(200)
    assert window.width() == 1100
    for area in page.findChildren(QScrollArea):
        if area.isVisible():
            assert area.widget().minimumSizeHint().width() <= area.viewport().width(), area.accessibleName()


@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)])
def test_ticked_models_with_long_names_fit_and_are_whole_under_the_pointer(
    size: tuple[int, int],
    context: Context,
    add_model: Callable[..., Artifact],
    add_data: Callable[..., Artifact],
    qtbot: QtBot,
) -> None:
    receipt = {"status": "amber", "reasons": [NAME]}
    models = [add_model(f"{letter * 99}{at}", receipt=receipt) for at, letter in enumerate("WM")]
    data = add_data(NAME)
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    window.show_page("evaluate", None)
    page = window.current_page
    for model in models:
        box = page.models_card.boxes[model.id]
        assert box.toolTip() == model.name
        box.click()
    page.view_model.choose_data(data.id)
    page.judge.list.setCurrentIndex(page.judge.list.findData(models[0].id))
    for step in range(3):
        page.steps._group.button(step).click()
        qtbot.wait(100)
        assert window.width() == size[0]
        for area in page.findChildren(QScrollArea):
            if area.isVisible():
                needed, given = area.widget().minimumSizeHint().width(), area.viewport().width()
                assert needed <= given, f"step {step}: {area.accessibleName()}"
