"""A rounded model that is far from its source can be mended, and a mended one says what that brought."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.context import Context
from app.main_window import MainWindow
from app.pages.quantize.page import QuantizePage
from app.pages.runs.run_page import RunPage
from core.specs import QuantizeSpec
from core.workspace.records import Run
from core.workspace.workspace import Workspace
from tests.core.models import hollow


@pytest.fixture
def window(context: Context, qtbot: QtBot) -> MainWindow:
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.show()
    return window


def _ended(workspace: Workspace, recipe: Any, result: dict[str, Any]) -> Run:
    model = hollow.add(workspace, "Taught")
    spec = QuantizeSpec(model=model.id, recipe=recipe).model_dump(mode="json")
    run = workspace.store.add_run("quantize", "small", spec, [model.id])
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result=result)
    return workspace.store.run(run.id)


def _shown(window: MainWindow, run: Run) -> RunPage:
    window.show_page("run", run.id)
    page = window.current_page
    assert isinstance(page, RunPage)
    return page


def test_the_offer_opens_the_wizard_with_healing_chosen(window: MainWindow, workspace: Workspace) -> None:
    page = _shown(window, _ended(workspace, "int4-mixed", {"kl": 0.14}))
    assert "0.14 nats" in page.healing.note_label.text()
    QTest.mouseClick(page.healing.heal_button, Qt.MouseButton.LeftButton)
    wizard = window.current_page
    assert isinstance(wizard, QuantizePage)
    assert "--set heal=100" in wizard.view_model.command()
    assert wizard.limits.isVisible()


def test_a_model_near_its_source_needs_no_mending(window: MainWindow, workspace: Workspace) -> None:
    assert not _shown(window, _ended(workspace, "int8", {"kl": 0.004})).healing.isVisible()


def test_what_the_builder_rounds_cannot_be_mended(window: MainWindow, workspace: Workspace) -> None:
    assert not _shown(window, _ended(workspace, "int4", {"kl": 0.39})).healing.isVisible()


def test_a_mended_model_says_what_it_brought(window: MainWindow, workspace: Workspace) -> None:
    figures = {"kl": 0.1, "healed_from": 0.142, "healed_to": 0.093}
    page = _shown(window, _ended(workspace, "int4-mixed", figures))
    assert page.healing.isVisible()
    assert not page.healing.heal_button.isVisible()
