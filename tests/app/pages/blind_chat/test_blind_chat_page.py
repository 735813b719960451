"""A blind chat by clicks, with small children that speak the real protocol."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.pages.blind_chat.duel import Duel
from app.pages.blind_chat.page import BlindChatPage
from app.pages.blind_chat.view_model import BlindChatViewModel
from core.models import votes
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
CHILD = Path(__file__).parents[1] / "deploy" / "chatting_child.py"
Add = Callable[..., Artifact]


@pytest.fixture(params=["both fit", "one at a time"])
def page(
    qtbot: QtBot, bridge: JobBridge, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[BlindChatPage]:
    free = {"both fit": 10**12, "one at a time": 1}[getattr(request, "param", "both fit")]
    monkeypatch.setattr("core.jobs.session.worker_command", lambda: [sys.executable, str(CHILD)])
    page = BlindChatPage(BlindChatViewModel(bridge, Duel(bridge.workspace, lambda: free)))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    yield page
    for chat in page.view_model.duel._chats:
        chat.shut_down()


def ask(page: BlindChatPage, text: str) -> None:
    page.line.setText(text)
    QTest.mouseClick(page.ask_button, LEFT)


def test_names_are_told_after_the_vote_and_the_vote_is_kept(
    page: BlindChatPage, qtbot: QtBot, add_model: Add, workspace: Workspace
) -> None:
    one, other = add_model("one"), add_model("other")
    page.open_with([one.id, other.id])
    for number, choice in enumerate(("a", "b"), 1):
        ask(page, f"<b>where</b> is card {number} who")
        assert page.ask_button.text() == "Answering …"
        assert not page.vote_card.isVisible()
        qtbot.waitUntil(lambda: page.view_model.state == "voting", timeout=30000)
        said = [page.answers[letter].text() for letter in "ab"]
        assert all(text.endswith(f" {number} card is <b>where</b>") for text in said)
        assert said[0] != said[1]
        assert page.answers["a"].textFormat() == Qt.TextFormat.PlainText
        assert [page.cards[letter].title_label.text() for letter in "ab"] == ["A", "B"]
        assert page.ask_button.text() == "Vote first"
        QTest.mouseClick(page.vote_buttons[choice], LEFT)
        assert {page.cards[letter].title_label.text()[4:] for letter in "ab"} == {"one", "other"}
        assert not page.vote_buttons["equal"].isEnabled()
    kept = votes.read(workspace)
    assert [vote.choice for vote in kept] == ["a", "b"]
    assert kept[0].winner in (one.id, other.id)
    assert kept[0].prompt == "<b>where</b> is card 1 who"
    found = page.view_model.score
    assert found.one + found.other == 2
    assert "no preference shown yet" in page.score_note.text()


def test_of_two_that_say_the_same_neither_is_better(
    page: BlindChatPage, qtbot: QtBot, add_model: Add, workspace: Workspace
) -> None:
    page.open_with([add_model("one").id, add_model("other").id])
    for _ in range(2):
        ask(page, "where is my card")
        qtbot.waitUntil(lambda: page.view_model.state == "voting", timeout=30000)
        enabled = {choice: button.isEnabled() for choice, button in page.vote_buttons.items()}
        assert enabled == {"a": False, "b": False, "equal": True, "bad": True}
        assert "neither is better" in page.vote_card.note_label.text()
    assert votes.read(workspace) == [], "no vote was needed for the next question"
    QTest.mouseClick(page.vote_buttons["equal"], LEFT)
    assert [vote.choice for vote in votes.read(workspace)] == ["equal"]


def test_a_model_that_dies_is_told_and_nothing_is_voted_on(
    page: BlindChatPage, qtbot: QtBot, add_model: Add
) -> None:
    page.open_with([add_model("one").id, add_model("other").id])
    ask(page, "die")
    qtbot.waitUntil(page.error_panel.isVisible, timeout=30000)
    assert page.error_panel.title_label.text() == "The job's process died."
    assert page.view_model.state == "ready"
    assert not page.vote_card.isVisible()


@pytest.mark.parametrize("page", ["both fit"], indirect=True)
def test_with_one_model_or_twice_the_same_it_says_what_is_missing(
    page: BlindChatPage, add_model: Add
) -> None:
    add_model("alone")
    page.open_with(None)
    assert page.ask_button.text() == "Two models are needed"
    add_model("second")
    page.open_with(None)
    page.boxes[1].setCurrentIndex(page.boxes[0].currentIndex())
    page.boxes[1].activated.emit(page.boxes[0].currentIndex())
    assert page.ask_button.text() == "Choose two different models"


@pytest.mark.parametrize("page", ["both fit"], indirect=True)
def test_a_refused_model_cannot_play(page: BlindChatPage, add_model: Add) -> None:
    add_model("good")
    add_model("bad", format="onnx", receipt={"status": "red", "reasons": ["no"]})
    page.open_with(None)
    assert [page.boxes[0].itemText(place) for place in range(page.boxes[0].count())] == ["good"]


@pytest.mark.parametrize("page", ["both fit"], indirect=True)
def test_leaving_the_page_drops_an_open_question(page: BlindChatPage, qtbot: QtBot, add_model: Add) -> None:
    page.open_with([add_model("one").id, add_model("other").id])
    ask(page, "talk")
    page.hide()
    assert page.view_model.state == "ready"
    assert not page.view_model.duel.is_busy
    page.show()
    ask(page, "a b")
    qtbot.waitUntil(lambda: page.view_model.state == "voting", timeout=30000)
    assert page.answers["a"].text() == "b a"


@pytest.mark.parametrize("page", ["both fit"], indirect=True)
def test_a_receipt_that_is_not_green_stands_before_the_name_in_both_boxes(
    page: BlindChatPage, add_model: Add
) -> None:
    one, other = add_model("one"), add_model("other", receipt="amber")
    page.open_with([one.id, other.id])
    for box in page.boxes:
        at = box.findData(other.id)
        assert box.itemText(at) == "⚠ other"
        assert box.itemData(at, Qt.ItemDataRole.AccessibleTextRole) == "other, amber receipt"
        assert box.itemText(box.findData(one.id)) == "one"
