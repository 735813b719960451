"""The compare page over a workspace that the test fills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.background import Background
from app.context import Context
from app.job_bridge import JobBridge
from app.pages.compare.page import ComparePage
from app.pages.compare.view_model import CompareViewModel


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge, context: Context) -> Iterator[ComparePage]:
    page = ComparePage(CompareViewModel(bridge, Background()))
    qtbot.addWidget(page)
    page.resize(1232, 1400)
    page.show()
    yield page
    page.view_model._background.close()
