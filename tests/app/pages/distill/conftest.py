"""The distill page with models that have tokens, as its tests share it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hands import LARGE, LEFT, Add
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.pages.distill.page import DistillPage
from app.pages.distill.view_model import DistillViewModel
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@pytest.fixture
def add_reader(add_model: Add, workspace: Workspace) -> Add:
    """Adds a model that reads and writes these tokens."""

    def add(name: str, words: str = "abcdefghij", **changes: object) -> Artifact:
        artifact = add_model(name, **changes)
        said = {"model": {"vocab": {word: number for number, word in enumerate(words)}}}
        folder: Path = workspace.artifact_folder(artifact.id)
        (folder / "tokenizer.json").write_text(json.dumps(said), encoding="utf-8")
        return artifact

    return add


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> DistillPage:
    page = DistillPage(DistillViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 1400)
    page.show()
    return page


@pytest.fixture
def pair(page: DistillPage, add_reader: Add) -> tuple[Artifact, Artifact]:
    """A large and a small model with the same tokens, in the library."""
    found = add_reader("large", parameters=LARGE), add_reader("small")
    page.open_with(None)
    return found


@pytest.fixture
def ready(page: DistillPage, qtbot: QtBot, pair: tuple[Artifact, Artifact], add_data: Add) -> DistillPage:
    """The page in the step of the method, with the large one as the teacher of the small one."""
    add_data()
    page.open_with(pair[0].id)
    qtbot.waitUntil(lambda: page.view_model.diagnosis is not None)
    qtbot.waitUntil(lambda: page.view_model.facts is not None and page.view_model.fit.forecast is not None)
    QTest.mouseClick(page.pair_card.continue_button, LEFT)
    return page
