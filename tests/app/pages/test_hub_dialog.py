"""Models and data of the hub, by clicks: what is asked when, what is queued, and that a No queues nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.page import DataPage
from app.pages.data.view_model import DataViewModel
from app.pages.hub_dialog import HubDialog
from app.pages.models.page import ModelsPage
from app.pages.models.view_model import ModelsViewModel
from core.workspace.workspace import Workspace
from tests.core.models.hub_server import COMMIT, Hub

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on the loopback with a model in safetensors, one in pickles, and data of two files."""
    made = Hub()
    for kind, name, files in (
        ("models", "small", {"model.safetensors": 4_000_000, "config.json": 20}),
        ("models", "pickles", {"pytorch_model.bin": 40}),
        ("datasets", "data", {"train.csv": 900, "more.csv": 400}),
    ):
        folder = tmp_path / f"hub-{name}"
        folder.mkdir()
        for file, size in files.items():
            (folder / file).write_bytes(bytes(size))
        made.repos[(kind, f"org/{name}")] = folder
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with made.serve() as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield made


@pytest.fixture
def models_page(qtbot: QtBot, bridge: JobBridge, served: Hub) -> ModelsPage:
    page = ModelsPage(ModelsViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


@pytest.fixture
def data_page(qtbot: QtBot, bridge: JobBridge, served: Hub) -> DataPage:
    page = DataPage(DataViewModel(bridge), ImportViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


def dialog_of(page: QWidget, button: QWidget, name: str) -> HubDialog:
    """The dialog with a name typed into it."""
    QTest.mouseClick(button, LEFT)
    dialog = page.findChildren(HubDialog)[-1]
    QTest.mouseClick(dialog.reference, LEFT)
    QTest.keyClicks(dialog.reference, name)
    return dialog


def ask(dialog: HubDialog, qtbot: QtBot) -> None:
    QTest.mouseClick(dialog.go_button, LEFT)
    qtbot.waitUntil(lambda: dialog.view_model.blocker != "asking", timeout=5000)


def test_the_hub_is_asked_only_on_a_press_and_a_no_queues_nothing(
    models_page: ModelsPage, served: Hub, workspace: Workspace, qtbot: QtBot
) -> None:
    dialog = dialog_of(models_page, models_page.hub_button, "org/small")
    qtbot.wait(300)
    assert served.asked == []
    assert dialog.go_button.text().startswith("Ask 127.0.0.1")
    ask(dialog, qtbot)
    assert served.asked == ["GET api/models/org/small/revision/main"]  # a description, and no file
    assert dialog.files.names == ["model.safetensors", "config.json", "Licence"]
    assert dialog.go_button.text() == "Download 4 MB"
    QTest.mouseClick(dialog.cancel_button, LEFT)
    assert len(served.asked) == 1
    assert workspace.store.runs() == []


def test_a_yes_queues_exactly_what_was_shown(
    models_page: ModelsPage, served: Hub, workspace: Workspace, qtbot: QtBot
) -> None:
    dialog = dialog_of(models_page, models_page.hub_button, "org/small")
    ask(dialog, qtbot)
    QTest.mouseClick(dialog.name.line, LEFT)
    dialog.name.line.selectAll()
    QTest.keyClicks(dialog.name.line, "mine")
    QTest.mouseClick(dialog.go_button, LEFT)
    (run,) = workspace.store.runs()
    assert (run.kind, run.name) == ("download_model", "mine")
    assert run.spec == {"source": f"hf:org/small@{COMMIT}", "name": "mine"}
    assert models_page.jobs_card.isVisible()


def test_a_changed_name_must_be_asked_for_again(models_page: ModelsPage, qtbot: QtBot) -> None:
    dialog = dialog_of(models_page, models_page.hub_button, "org/small")
    ask(dialog, qtbot)
    QTest.keyClicks(dialog.reference, "er")
    assert not dialog.offer_card.isVisible()
    assert dialog.go_button.text().startswith("Ask ")


@pytest.mark.parametrize(
    ("name", "said"), [("org/pickles", "cannot be downloaded"), ("org/nowhere", "has no"), ("x y", "no name")]
)
def test_a_refusal_says_why(models_page: ModelsPage, qtbot: QtBot, name: str, said: str) -> None:
    dialog = dialog_of(models_page, models_page.hub_button, name)
    ask(dialog, qtbot)
    assert said in dialog.error_panel.title_label.text()
    assert dialog.error_panel.note_label.text()
    assert dialog.error_panel.fix_label.text()


def test_data_of_several_files_asks_which(data_page: DataPage, workspace: Workspace, qtbot: QtBot) -> None:
    dialog = dialog_of(data_page, data_page.hub_button, "org/data")
    ask(dialog, qtbot)
    assert "more.csv, train.csv" in dialog.error_panel.note_label.text()
    assert "field “File”" in dialog.error_panel.fix_label.text()
    assert dialog.file is not None
    QTest.mouseClick(dialog.file, LEFT)
    QTest.keyClicks(dialog.file, "train.csv")
    ask(dialog, qtbot)
    QTest.mouseClick(dialog.go_button, LEFT)
    (run,) = workspace.store.runs()
    assert run.kind == "download_data"
    assert run.spec["source"] == f"hf:org/data@{COMMIT}:train.csv"
    assert run.name == "data"
    assert data_page.jobs_card.isVisible()
