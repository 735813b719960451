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
    "key", ["data", "models", "generate", "distill", "prune", "finetune", "quantize", "deploy"]
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
