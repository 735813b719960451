"""The deploy page with a small child that speaks the real protocol."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dialogs.receipt import ReceiptDialog
from app.dialogs.use_anyway import UseAnywayDialog
from app.job_bridge import JobBridge
from app.pages.deploy.page import DeployPage
from app.pages.deploy.view_model import DeployViewModel
from core.workspace import overrides
from core.workspace.records import Artifact

LEFT = Qt.MouseButton.LeftButton
CHILD = Path(__file__).with_name("chatting_child.py")


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployPage]:
    monkeypatch.setattr("core.jobs.session.worker_command", lambda: [sys.executable, str(CHILD)])
    page = DeployPage(DeployViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    yield page
    page.view_model.chat.shut_down()


def say(page: DeployPage, text: str) -> None:
    page.line.setText(text)
    QTest.mouseClick(page.send_button, LEFT)


def wait_for(qtbot: QtBot, page: DeployPage, state: str) -> None:
    qtbot.waitUntil(lambda: page.view_model.chat.state == state, timeout=10000)


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if str(CHILD) in _command(child)]


def _command(child: psutil.Process) -> list[str]:
    try:
        return child.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one: it has ended, and nobody has asked how yet
        return []


def test_empty_page_leads_to_the_starter_model(page: DeployPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.model_card.add_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_answer_streams_as_plain_text_and_is_measured(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "card my is <b>where</b>")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    asked, answered = page.transcript.turns
    assert asked.text.text() == "card my is <b>where</b>"
    assert answered.text.text() == "<b>where</b> is my card"
    assert answered.text.textFormat() == Qt.TextFormat.PlainText
    assert page.facts.findChild(type(answered.text), "") is not None
    assert "12.5 ms" in page.facts._values["First word after"].text()
    assert "80 tokens/s" in page.facts._values["Speed"].text()


def test_stop_ends_the_answer_and_keeps_what_was_said(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "talk")
    assert page.stop_button.isVisible()
    assert not page.send_button.isVisible()
    qtbot.waitUntil(lambda: len(page.view_model.chat.turns[-1]["content"]) > 20, timeout=10000)
    QTest.mouseClick(page.stop_button, LEFT)
    wait_for(qtbot, page, "idle")
    assert page.view_model.chat.turns[-1]["content"].startswith("on on")
    assert page.send_button.isVisible()


def test_new_conversation_forgets(page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "one two")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    QTest.mouseClick(page.new_button, LEFT)
    assert page.transcript.turns == []
    assert not page.new_button.isEnabled()


def test_new_conversation_during_an_answer_drops_the_rest_of_it(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "talk")
    qtbot.waitUntil(lambda: len(page.view_model.chat.turns[-1]["content"]) > 20, timeout=10000)
    QTest.mouseClick(page.new_button, LEFT)
    wait_for(qtbot, page, "idle")
    say(page, "b a")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    assert [turn["content"] for turn in page.view_model.chat.turns] == ["b a", "a b"]


RED = {"status": "red", "reasons": ["answers agree on 3 of 8 prompts"]}


def use_anyway_dialog(page: DeployPage) -> UseAnywayDialog:
    return next(dialog for dialog in page.window().findChildren(UseAnywayDialog) if dialog.isVisible())


def test_a_refused_model_says_why_and_is_not_taken(
    page: DeployPage, add_model: Callable[..., Artifact]
) -> None:
    bad = add_model("bad", format="onnx", receipt=RED)
    page.open_with("")
    assert (
        "answers agree on 3 of 8 prompts"
        in page.model_card.cards._cards[bad.id].radio.accessibleDescription()
    )

    QTest.mouseClick(page.model_card.cards._cards[bad.id], LEFT)
    dialog = use_anyway_dialog(page)
    assert "answers agree on 3 of 8 prompts" in dialog.reasons.text()
    assert not dialog.use_button.isEnabled()
    QTest.mouseClick(dialog.keep_button, LEFT)

    assert page.view_model.model is None
    assert not page.chat_card.isVisible()
    assert not overrides.listed(page.view_model._workspace)


def test_a_refused_model_is_used_after_a_reason_which_is_kept_and_shown(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    bad = add_model("bad", format="onnx", receipt=RED)
    page.open_with(bad.id)
    dialog = use_anyway_dialog(page)
    QTest.keyClicks(dialog.why, "ok")
    assert not dialog.use_button.isEnabled()
    QTest.keyClicks(dialog.why, ", only a demo")
    QTest.mouseClick(dialog.use_button, LEFT)

    wait_for(qtbot, page, "idle")
    (kept,) = overrides.listed(page.view_model._workspace)
    assert (kept.artifact, kept.why) == (bad.id, "ok, only a demo")
    assert "ok, only a demo" in page.caution.text()
    assert "answers agree on 3 of 8 prompts" in page.caution.text()


@pytest.mark.parametrize(
    ("question", "what"), [("die", "The job's process died."), ("refuse", "The model cannot chat.")]
)
def test_a_death_or_refusal_is_an_error_here_and_the_model_can_be_loaded_again(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact], question: str, what: str
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, question)
    wait_for(qtbot, page, "failed")
    assert page.error_panel.isVisible()
    assert page.error_panel.title_label.text() == what
    QTest.mouseClick(page.error_panel.action_button, LEFT)
    wait_for(qtbot, page, "idle")
    assert not page.error_panel.isVisible()


def test_leaving_the_page_ends_the_child_and_a_question_loads_it_again(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "one two")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    page.hide()
    qtbot.waitUntil(lambda: not children(), timeout=10000)
    page.show()
    assert len(page.transcript.turns) == 2
    say(page, "three four")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    assert page.view_model.chat.turns[-1]["content"] == "four three"


def test_leaving_while_the_model_loads_leaves_no_child(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    page.hide()
    qtbot.wait(300)
    qtbot.waitUntil(lambda: not children(), timeout=10000)
    assert page.view_model.chat.state == "closed"


def test_what_was_asked_before_the_page_was_left_is_answered_and_then_the_child_ends(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    say(page, "two one")  # while the model still loads
    page.line.setText("half a thought")
    page.hide()
    wait_for(qtbot, page, "closed")
    qtbot.waitUntil(lambda: not children(), timeout=10000)
    page.show()
    assert [turn.text.text() for turn in page.transcript.turns] == ["two one", "one two"]
    assert page.line.text() == "half a thought"


def test_coming_back_while_it_answers_finds_the_answer_growing_and_the_model_stays(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "talk")
    qtbot.waitUntil(lambda: len(page.view_model.chat.turns[-1]["content"]) > 20, timeout=10000)
    page.hide()
    said = len(page.view_model.chat.turns[-1]["content"])
    qtbot.waitUntil(lambda: len(page.view_model.chat.turns[-1]["content"]) > said, timeout=10000)
    page.show()
    QTest.mouseClick(page.stop_button, LEFT)
    wait_for(qtbot, page, "idle")
    assert len(children()) == 1


def test_a_question_that_got_no_answer_is_not_to_be_written_again(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "too long")
    qtbot.waitUntil(page.error_panel.isVisible, timeout=10000)
    assert page.line.text() == "too long"


def test_a_changed_model_is_refused_before_it_is_loaded(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact], bridge: JobBridge
) -> None:
    item = add_model()
    (bridge.workspace.artifact_folder(item.id) / "config.json").write_text("{}")
    page.open_with(item.id)
    wait_for(qtbot, page, "failed")
    assert page.error_panel.isVisible()


def test_an_impossible_question_is_said_and_the_conversation_goes_on(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    page.open_with(add_model().id)
    wait_for(qtbot, page, "idle")
    say(page, "too long")
    qtbot.waitUntil(page.error_panel.isVisible, timeout=10000)
    assert page.error_panel.title_label.text() == "The question is too long for this model."
    assert page.transcript.turns == []
    say(page, "b a")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    assert not page.error_panel.isVisible()
    assert page.transcript.turns[1].text.text() == "a b"


def test_an_amber_receipt_is_shown_and_may_be_used(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    receipt = {"status": "amber", "reasons": ["Answers differ from its source's"]}
    page.open_with(add_model("small", format="onnx", receipt=receipt).id)
    wait_for(qtbot, page, "idle")
    assert page.caution.text().startswith("Answers differ from its source's.\nMeasure it")
    assert page.model_card.pill.text() == "⚠ Look first"
    QTest.mouseClick(page.receipt_button, LEFT)
    (dialog,) = page.findChildren(ReceiptDialog)
    assert dialog.reasons.text() == page.caution.text()


def test_an_export_with_adapters_asks_who_answers(
    page: DeployPage, qtbot: QtBot, add_model: Callable[..., Artifact]
) -> None:
    receipt = {"status": "green", "reasons": []}
    model = add_model("small", format="onnx", adapters=["bank", "tone"], receipt=receipt)
    page.open_with(model.id)
    wait_for(qtbot, page, "idle")
    assert [page.adapters.itemText(at) for at in range(3)] == ["The base model alone", "bank", "tone"]
    say(page, "one two")
    qtbot.waitUntil(lambda: page.view_model.chat.speed is not None, timeout=10000)
    page.adapters.setFocus()
    QTest.keyClick(page.adapters, Qt.Key.Key_Down)
    assert page.view_model.adapter == "bank"
    assert not page.view_model.chat.turns
    assert page.command.toPlainText() == "slm-workbench chat small --adapter bank"
    wait_for(qtbot, page, "idle")
    plain = add_model("plain")
    page.open_with(plain.id)
    assert not page.adapters.isVisible()
    assert page.view_model.adapter == ""
