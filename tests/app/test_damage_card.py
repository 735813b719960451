"""The picture of what rounding costs: it fills, it names a square, and it says what was chosen."""

from __future__ import annotations

import time

import pytest
import quantize_recording
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.models.run_record import RunRecord
from app.pages.runs.damage_card import DamageCard
from app.theme import theme
from core.models.quantizing.plan import GROUPS

_ALL = quantize_recording.LAYERS * len(GROUPS)


@pytest.fixture
def card(qtbot: QtBot) -> DamageCard:
    card = DamageCard()
    qtbot.addWidget(card)
    card.resize(900, 500)
    card.show()
    return card


def _record(parts: int) -> RunRecord:
    record = RunRecord()
    record.take(quantize_recording.search_events(parts, time.time(), "running"))
    return record


def test_other_runs_have_no_picture(card: DamageCard) -> None:
    card.show_record(RunRecord())
    assert not card.isVisible()


def test_the_picture_fills_while_parts_are_measured(card: DamageCard) -> None:
    card.show_record(_record(12))
    assert len(card.map._cells) == 12
    assert len(card.map._columns) == quantize_recording.LAYERS
    assert {cell.mark for cell in card.map._cells.values()} == {""}
    assert card.plans.names == []


def test_in_the_end_it_says_which_parts_keep_eight_bits_and_what_that_is_worth(card: DamageCard) -> None:
    card.show_record(_record(_ALL))
    marks = {cell.mark for cell in card.map._cells.values()}
    assert marks == {"4", "8"}
    assert all(cell.strong == (cell.mark == "8") for cell in card.map._cells.values())
    assert card.plans.names == ["Fixed recipe int4-edges", "Taken, rounded with GPTQ"]
    assert "keep 8 bits" in card.map.accessibleDescription()


def test_the_pointer_and_the_arrow_keys_name_a_square(card: DamageCard) -> None:
    card.show_record(_record(_ALL))
    QTest.mouseMove(card.map, card.map.place_of(3, 4).toPoint())
    assert card.said.text().startswith("Layer 3, down: KL")
    card.map.setFocus()
    QTest.keyClick(card.map, Qt.Key.Key_Right)
    assert card.said.text().startswith("Layer 4, down")
    QTest.keyClick(card.map, Qt.Key.Key_Up)
    assert card.said.text().startswith("Layer 4, up")


def test_it_is_drawn_in_both_themes(card: DamageCard) -> None:
    card.show_record(_record(_ALL))
    light = card.map.grab().toImage()
    theme().apply("dark")
    assert card.map.grab().toImage() != light
