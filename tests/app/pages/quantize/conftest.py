"""The page that the tests of quantizing click on."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.pages.quantize.page import QuantizePage
from app.pages.quantize.view_model import QuantizeViewModel


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> QuantizePage:
    page = QuantizePage(QuantizeViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page
