from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import recordings
from PySide6.QtCore import Qt, QThread
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.application import Application
from app.context import Context
from app.dialogs.error import ErrorDialog
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages import PAGES
from app.settings import SettingsFile
from app.widgets.sidebar import NavItem
from core.jobs.events import Event
from core.workspace.workspace import Workspace

_INPUTS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QAbstractItemView)
_PARTS = ("QTableCornerButton", "QHeaderView", "QComboBoxListView", "QComboBoxPrivateContainer")
_QT_OWN = ("qt_", "ScrollLeftButton", "ScrollRightButton")


def _unnamed(page: QWidget) -> list[str]:
    found = []
    for widget in page.findChildren(QWidget):
        own = widget.objectName().startswith(_QT_OWN)
        if not isinstance(widget, _INPUTS) or not widget.isVisible() or own:
            continue
        if type(widget).__name__ in _PARTS:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name).strip():
            found.append(f"{type(widget).__name__} {widget.objectName()}")
    return found


@pytest.mark.parametrize("key", [record.key for record in PAGES])
def test_every_control_can_be_read_aloud(window: MainWindow, context: Context, key: str) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 20)
    window.show_page(key, run.id if key == "run" else None)
    assert _unnamed(window) == []


@pytest.mark.parametrize("key", [record.key for record in PAGES])
def test_every_control_is_large_and_reached_by_tab(window: MainWindow, key: str, qtbot: QtBot) -> None:
    window.show_page(key)
    qtbot.wait(20)
    for widget in window.findChildren(QAbstractButton) + window.findChildren(QLineEdit):
        if not widget.isVisible() or type(widget).__name__ == "QTableCornerButton":
            continue
        if isinstance(widget.parent(), QComboBox | QAbstractSpinBox):
            continue
        assert widget.height() >= 24, f"{type(widget).__name__} {widget.accessibleName()}"
        group = widget.group() if isinstance(widget, QAbstractButton) else None
        one_for_all = group is not None and group.exclusive()  # Tab reaches the chosen one, arrows the rest
        if widget.isEnabled() and not one_for_all:
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_pages_are_made_when_first_shown(window: MainWindow) -> None:
    assert window.page("home") is not None
    assert window.page("settings") is None
    window.show_page("settings")
    assert window.page("settings") is window.current_page


def test_the_sidebar_has_an_entry_for_every_page_that_works(window: MainWindow) -> None:
    assert window.sidebar.keys == [record.key for record in PAGES if not record.parent]
    window.show_page("run")
    checked = [item.key for item in window.findChildren(NavItem) if item.isChecked()]
    assert checked == ["runs"]


def test_a_page_that_does_not_exist_is_ignored(window: MainWindow) -> None:
    before = window.current_page
    window.show_page("fleet")
    assert window.current_page is before


def test_the_window_remembers_its_page_and_size(context: Context, qtbot: QtBot) -> None:
    first = MainWindow(context)
    first.show()
    first.show_page("settings")
    first.close()
    again = SettingsFile(context.settings.path)
    assert again.values.last_page == "settings"
    second = MainWindow(Context(context.workspace, context.bridge, again))
    qtbot.addWidget(second)
    assert second.sidebar.isVisibleTo(second)
    assert second.page("settings") is not None


def test_a_job_shows_in_the_bar_and_its_end_is_announced(
    window: MainWindow, context: Context, qtbot: QtBot
) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 5)
    bridge = context.bridge
    events = recordings.finetune_events(100, time.time() - 100)
    bridge.queue.mailbox.extend((run.id, event) for event in events)
    bridge.drain()
    assert window.job_bar.pill.text() == "Training"
    assert window.job_bar.title.text() == "Banking"
    assert "left" in window.job_bar.left.text()
    context.workspace.store.set_state(run.id, "succeeded")
    bridge.queue.mailbox.append((run.id, Event("state", 99_999, time.time(), {"state": "succeeded"})))
    bridge.drain()
    assert window.job_bar.title.text() == "No job is running"
    assert window.notice.isVisible()
    assert window.notice.message.text() == "Fine-tune · Banking"


def test_a_thousand_events_become_one_signal_a_tick(context: Context, qtbot: QtBot) -> None:
    heard: list[int] = []
    context.bridge.events_arrived.connect(lambda _run, events: heard.append(len(events)))
    events = recordings.finetune_events(280, time.time() - 280)
    context.bridge.queue.mailbox.extend(("finetune-1", event) for event in events)
    context.bridge.drain()
    assert heard == [len(events)]


def test_what_a_command_runs_in_the_same_workspace_is_shown_from_its_beginning_to_its_end(
    context: Context, window: MainWindow, qtbot: QtBot
) -> None:
    bridge, ended = context.bridge, []
    window._status.run_ended.connect(ended.append)
    run = recordings.add_finetune(context.workspace, "By a command", 20)  # nothing tells the window of it
    bridge.look_at_others()
    assert window._status._active == run.id
    context.workspace.store.set_state(run.id, "succeeded")
    with qtbot.waitSignal(bridge.library_changed):
        bridge.look_at_others()
    assert window._status._active == ""
    assert [item.id for item in ended] == [run.id]
    with qtbot.assertNotEmitted(bridge.run_changed):
        bridge.look_at_others()


def test_closing_with_a_running_job_asks_first(
    window: MainWindow, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 5)
    monkeypatch.setattr(JobBridge, "running_id", property(lambda _self: run.id))
    window.close()
    assert window.isVisible()
    from app.dialogs.confirm import ConfirmDialog

    dialog = window.findChild(ConfirmDialog)
    assert dialog is not None
    assert "Banking" in dialog.windowTitle()
    dialog.keep_button.click()
    assert window.isVisible()
    monkeypatch.undo()


def test_an_unexpected_error_on_any_thread_opens_one_dialog(
    qapp: Application, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        try:
            raise ValueError("boom")
        except ValueError:
            qapp.on_exception(*sys.exc_info())  # type: ignore[arg-type]

    thread = QThread()
    thread.run = work  # type: ignore[method-assign]
    thread.start()
    assert thread.wait(5000)
    qapp.show_next_error()
    dialogs = [item for item in qapp.topLevelWidgets() if isinstance(item, ErrorDialog) and item.isVisible()]
    assert len(dialogs) == 1
    assert "boom" in dialogs[0].panel.note_label.text()
    dialogs[0].close_button.click()


def test_a_real_job_runs_from_the_window(workspace: Workspace, tmp_path: Path, qtbot: QtBot) -> None:
    from core.specs import ImportDataSpec

    source = tmp_path / "examples.csv"
    rows = "".join(f"question {number},{'yes' if number % 2 else 'no'}\n" for number in range(40))
    source.write_text("text,label\n" + rows, encoding="utf-8")
    bridge = JobBridge(workspace)
    window = MainWindow(Context(workspace, bridge, SettingsFile(tmp_path / "settings.json")))
    qtbot.addWidget(window)
    window.show()
    bridge.start()
    with qtbot.waitSignal(bridge.library_changed, timeout=60_000):
        run = bridge.submit(ImportDataSpec(source=str(source), name="Examples"), "Examples")
    qtbot.waitUntil(lambda: workspace.store.run(run.id).state == "succeeded", timeout=20_000)
    assert [item.name for item in workspace.store.artifacts("dataset")] == ["Examples"]
    window.close()
    assert bridge.close(5.0)
