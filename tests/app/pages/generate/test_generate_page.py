"""The generate wizard, by clicks, with a real endpoint on this machine's loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QScrollArea
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.models.repeat import repeat_of
from app.pages.generate.dialogs import EndpointDialog, KeyDialog, SendDialog
from app.pages.generate.page import GeneratePage
from app.pages.generate.view_model import GenerateViewModel
from core.jobs import keys
from core.specs import GenerateSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.endpoint_server import EndpointServer

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]
SECRET = "sk-page-secret-4711"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the user's, and no keyring: what is typed lasts as long as the test."""
    monkeypatch.setattr(keys, "_session", {})
    monkeypatch.setattr(keys, "_has_keyring", lambda _keyring: False)


@pytest.fixture
def server() -> EndpointServer:
    return EndpointServer(answer=lambda messages: f"about {messages[-1]['content']}")


@pytest.fixture
def url(server: EndpointServer) -> Iterator[str]:
    with server.serve() as address:
        yield address


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> Iterator[GeneratePage]:
    page = GeneratePage(GenerateViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 1400)
    page.show()
    yield page
    page.view_model.close()


def click(widget: object) -> None:
    QTest.mouseClick(widget, LEFT)


def type_into(page: GeneratePage, field: str, text: str) -> None:
    if not page.ask_card.form.field(field).isVisible():
        click(page.ask_card.form.advanced_button)
    line = page.ask_card.form.field(field).control
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


def dialog_of(page: GeneratePage, kind: type) -> object:
    return next(item for item in page.window().findChildren(kind) if item.isVisible())


def choose_task(page: GeneratePage, task: str) -> None:
    box = page.ask_card.task.box
    box.setCurrentIndex(box.findData(task))


def ready(page: GeneratePage, qtbot: QtBot) -> None:
    """Waits until it is known what would be asked."""
    qtbot.waitUntil(lambda: page.view_model.trial.offer is not None, timeout=10000)


# --- choosing ---


def test_an_empty_wizard_says_what_is_missing_and_leads_there(page: GeneratePage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a teacher first"
    with qtbot.waitSignal(page.page_requested) as asked:
        click(page.teacher_card.add_button)
    assert asked.args == ["models", "starter"]
    assert page.endpoint_button.isVisible()


def test_steps_open_one_after_the_other(
    page: GeneratePage, add_model: Add, add_endpoint: Add, add_data: Add, qtbot: QtBot
) -> None:
    model, far = add_model(), add_endpoint()
    data, _other = add_data("questions"), add_data("more questions")
    page.open_with(None)
    assert page.teacher_card.cards.isVisible()
    click(page.teacher_card.cards._cards[far.id])
    assert page.preview_card.start_button.text() == "Choose data first"
    assert page.key_button.isVisible()
    click(page.data_card.cards._cards[data.id])
    assert page.ask_card.choosing.isVisible()
    ready(page, qtbot)
    click(page.ask_card.continue_button)
    assert page.trial_card.isVisible()
    assert page.preview_card.start_button.text() == "Start generating"
    assert "api.example.com" in page.preview_card.note.text()
    click(page.teacher_card.change_button)
    click(page.teacher_card.cards._cards[model.id])
    assert not page.key_button.isVisible()


def test_what_does_not_suit_the_data_cannot_be_chosen_and_says_why(
    page: GeneratePage, add_model: Add, add_data: Add, qtbot: QtBot
) -> None:
    add_model()
    add_data()
    page.open_with(None)
    click(page.steps._group.button(2))
    documents = page.ask_card.sources._cards["documents"].radio
    assert not documents.isEnabled()
    assert "no plain documents" in documents.accessibleDescription()
    assert not page.ask_card.form.field("turns").isEnabled()
    assert "endpoint" in page.ask_card.form.field("concurrency").help.text()
    choose_task(page, "conversation")
    assert page.ask_card.form.field("turns").isEnabled()


def test_settings_that_do_not_go_together_block_the_way_on(
    page: GeneratePage, add_model: Add, add_data: Add, qtbot: QtBot
) -> None:
    add_model()
    add_data()
    page.open_with(None)
    click(page.steps._group.button(2))
    type_into(page, "answers_per_prompt", "3")
    type_into(page, "temperature", "0")
    assert "temperature 0" in page.ask_card.problem.text()
    assert not page.ask_card.continue_button.isEnabled()
    assert page.preview_card.start_button.text() == "Change what is asked first"
    type_into(page, "temperature", "0.5")
    ready(page, qtbot)
    assert page.ask_card.continue_button.isEnabled()


def test_a_model_of_ones_own_is_started_without_a_question(
    page: GeneratePage, add_model: Add, add_data: Add, qtbot: QtBot, workspace: Workspace
) -> None:
    model, data = add_model(), add_data()
    page.open_with(None)
    click(page.steps._group.button(2))
    click(page.ask_card.sources._cards["seeds"])
    choose_task(page, "generation")
    type_into(page, "rows", "7")
    type_into(page, "seed", "3")
    ready(page, qtbot)
    click(page.ask_card.continue_button)
    with qtbot.waitSignal(page.page_requested, timeout=10000) as asked:
        click(page.preview_card.start_button)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    expected = GenerateSpec(teacher=model.id, data=data.id, source="seeds", task="generation", rows=7, seed=3)
    assert GenerateSpec.model_validate(run.spec) == expected
    assert "--set source=seeds" in page.preview_card.command.toPlainText()
    click(page.ask_card.change_button)
    click(page.ask_card.form.reset_button)
    page.open_with(repeat_of(workspace, run))
    assert page.view_model.spec() == expected


def test_questions_without_answers_are_answered_like_what_the_teacher_learnt(
    page: GeneratePage, add_model: Add, add_data: Add, add_questions: Add, qtbot: QtBot, workspace: Workspace
) -> None:
    data, asked = add_data(), add_questions()
    run = workspace.store.add_run("finetune", "tuned", {"model": "x", "data": data.id}, (data.id,))
    model = add_model("tuned", run_id=run.id)
    page.open_with(asked.id)
    assert page.view_model.teacher is not None
    ready(page, qtbot)
    assert page.ask_card.like.isVisible()
    assert page.ask_card.like.value() == data.id
    assert "learnt this task" in page.ask_card.task.note.text()
    spec = page.view_model.spec()
    assert spec == GenerateSpec(teacher=model.id, data=asked.id, like=data.id, as_learnt=True)
    assert f"--like '{data.name}'" in page.view_model.command()
    assert not page.view_model.asking.is_idle("with_rows")
    page.ask_card.form.set_values({"with_rows": True})
    assert page.view_model.spec() == GenerateSpec(
        teacher=model.id, data=asked.id, like=data.id, as_learnt=True, with_rows=True
    )
    page.ask_card.form.set_values({"with_rows": False})
    box = page.ask_card.like.box
    box.setCurrentIndex(0)
    assert page.view_model.asking.is_idle("with_rows")
    assert page.view_model.spec() == GenerateSpec(teacher=model.id, data=asked.id)
    ready(page, qtbot)
    click(page.ask_card.continue_button)
    click(page.preview_card.start_button)
    qtbot.waitUntil(lambda: workspace.store.runs()[0].kind == "generate", timeout=10000)
    page.open_with(repeat_of(workspace, workspace.store.runs()[0]))
    assert page.ask_card.like.value() == ""
    assert page.view_model.spec() == GenerateSpec(teacher=model.id, data=asked.id)


# --- endpoints, keys, consent ---


def test_plain_http_is_refused_where_it_is_typed(page: GeneratePage, workspace: Workspace) -> None:
    click(page.endpoint_button)
    dialog = dialog_of(page, EndpointDialog)
    assert dialog.add_button.text() == "Write its address first"
    address = dialog.form.field("url").control
    QTest.keyClicks(address, "http://api.example.com/v1")
    assert "plain http" in dialog.problem.text()
    assert "Everyone on the way" in dialog.problem.text()
    assert not dialog.add_button.isEnabled()
    address.clear()
    QTest.keyClicks(address, "https://api.example.com/v1")
    assert dialog.problem.isHidden()
    assert dialog.key.line.echoMode() == QLineEdit.EchoMode.Password
    QTest.keyClicks(dialog.key.line, "two words")
    assert dialog.add_button.text() == "Correct the key first"
    dialog.reject()
    assert not workspace.store.runs()


def test_a_key_is_changed_and_forgotten(page: GeneratePage, add_endpoint: Add, qtbot: QtBot) -> None:
    far = add_endpoint()
    page.open_with(None)
    click(page.key_button)
    dialog = dialog_of(page, KeyDialog)
    QTest.keyClicks(dialog.key.line, SECRET)
    with qtbot.waitSignal(page.notice_raised) as said:
        click(dialog.save_button)
    assert "until you close the program" in said.args[0]
    assert keys.find(far) == SECRET
    click(page.key_button)
    with qtbot.waitSignal(page.notice_raised):
        click(dialog_of(page, KeyDialog).save_button)
    assert keys.find(far) is None


@pytest.mark.timeout(120)
def test_from_an_address_to_a_data_set_of_which_nothing_was_asked_twice(
    page: GeneratePage,
    bridge: JobBridge,
    server: EndpointServer,
    url: str,
    add_data: Add,
    workspace: Workspace,
    qtbot: QtBot,
) -> None:
    server.key = SECRET
    add_data()
    bridge.start()
    page.open_with(None)
    click(page.endpoint_button)
    adding = dialog_of(page, EndpointDialog)
    values = {"url": url, "model": "big", "price_in": "1000", "price_out": "10000"}
    for field, text in values.items():
        QTest.keyClicks(adding.form.field(field).control, text)
    click(adding.add_button)
    qtbot.waitUntil(lambda: page.view_model.teacher is not None, timeout=30000)

    click(page.steps._group.button(2))
    choose_task(page, "generation")
    type_into(page, "rows", "8")
    type_into(page, "budget", "50")
    ready(page, qtbot)
    click(page.ask_card.continue_button)
    click(page.trial_card.try_button)
    qtbot.waitUntil(lambda: bool(page.window().findChildren(SendDialog)), timeout=10000)
    asking = dialog_of(page, SendDialog)
    host = url.partition("://")[2].removesuffix("/v1")
    assert asking.windowTitle() == f"Send 5 rows of “Banking questions” to {host}?"
    assert "personal" in asking.personal.text() or "No row holds" in asking.personal.text()
    QTest.keyClick(asking, Qt.Key.Key_Return)
    assert server.asked == [], "Enter is the safe answer"

    click(page.trial_card.try_button)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in page.window().findChildren(SendDialog)))
    asking = dialog_of(page, SendDialog)
    assert asking.key.isVisible()
    QTest.keyClicks(asking.key.line, SECRET)
    click(asking.send_button)
    qtbot.waitUntil(lambda: page.view_model.trial.trial is not None, timeout=30000)
    assert page.view_model.trial.trial.error is None
    assert [row.note for row in page.view_model.trial.rows] == ["kept"] * 5
    assert all(row.answer.startswith("about ") for row in page.view_model.trial.rows)
    assert len(server.asked) == 5
    facts = {name: label.text() for name, label in page.preview_card.facts._values.items()}
    assert facts["Cost"].startswith("about 1.60")  # 0.2 a row
    assert "Time" in facts
    assert not page.trial_card.try_button.isEnabled(), "there is nothing new to see"

    click(page.preview_card.start_button)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in page.window().findChildren(SendDialog)), timeout=10000)
    asking = dialog_of(page, SendDialog)
    assert asking.key.isHidden()
    with qtbot.waitSignal(page.page_requested) as asked:
        click(asking.send_button)
    qtbot.waitUntil(
        lambda: workspace.store.run(asked.args[1]).state in ("succeeded", "failed"), timeout=30000
    )
    run = workspace.store.run(asked.args[1])
    assert run.state == "succeeded", run.error
    assert len(server.asked) == 8, "the five of the preview were taken over"
    assert (run.result["kept"], run.result["cost"]) == (8, pytest.approx(1.6))
    made = workspace.store.artifacts("dataset", run.id)[0]
    assert "Banking questions by" in made.name
    for file in Path(workspace.root).rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
    assert bridge.close(10.0)


@pytest.mark.timeout(120)
def test_a_stopped_preview_keeps_what_was_answered(
    page: GeneratePage,
    server: EndpointServer,
    url: str,
    add_endpoint: Add,
    add_data: Add,
    workspace: Workspace,
    qtbot: QtBot,
) -> None:
    server.delay_s = 0.4
    add_endpoint(url)
    add_data()
    page.open_with(None)
    click(page.steps._group.button(2))
    choose_task(page, "generation")
    type_into(page, "concurrency", "1")
    ready(page, qtbot)
    click(page.ask_card.continue_button)
    click(page.trial_card.try_button)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in page.window().findChildren(SendDialog)), timeout=10000)
    click(dialog_of(page, SendDialog).send_button)
    qtbot.waitUntil(lambda: len(page.view_model.trial.rows) >= 2, timeout=30000)
    assert page.preview_card.start_button.text() == "Wait for the preview, or stop it"
    click(page.trial_card.stop_button)
    qtbot.waitUntil(lambda: not page.view_model.trial.is_trying, timeout=10000)
    assert "not asked again" in page.trial_card.note_label.text()
    assert page.error_panel.isHidden(), "a stop is no error"
    assert page.trial_card.try_button.isEnabled()

    click(page.preview_card.start_button)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in page.window().findChildren(SendDialog)), timeout=10000)
    click(dialog_of(page, SendDialog).send_button)
    qtbot.waitUntil(lambda: bool(workspace.store.runs()), timeout=10000)
    folder = workspace.run_folder(workspace.store.runs()[0].id)
    lines = (folder / "answers.jsonl").read_text().splitlines()
    assert 2 <= len(lines) < 5
    assert all(json.loads(line)["text"].startswith("about ") for line in lines)


def test_every_step_fits_into_a_narrow_window(
    page: GeneratePage, qtbot: QtBot, add_endpoint: Add, add_data: Add
) -> None:
    far = add_endpoint(name="W" * 90)
    add_data("long-name-" * 9)
    page.resize(891, 700)  # beside the sidebar of the smallest window
    page.open_with(far.id)
    click(page.ask_card.form.advanced_button)
    for step in range(4):
        click(page.steps._group.button(step))
        qtbot.wait(50)
        for area in page.findChildren(QScrollArea):
            if area.isVisible():
                assert area.widget().minimumSizeHint().width() <= area.viewport().width(), step
