"""A model whose receipt is amber or red says so wherever a person decides what to do with it."""

from __future__ import annotations

import json
import shutil
import time
from typing import Any

import pytest
import recordings
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.context import Context
from app.dialogs.receipt import ReceiptDialog
from app.main_window import MainWindow
from app.pages.deploy.page import DeployPage
from app.pages.distill.page import DistillPage
from app.pages.evaluate.page import EvaluatePage
from app.pages.home.page import HomePage, StepTile
from app.pages.models.page import ModelsPage
from app.pages.quantize.page import QuantizePage
from app.pages.runs.run_page import RunPage
from app.widgets.pill import Pill
from core.jobs.events import Event
from core.specs import EvaluateSpec, QuantizeSpec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace
from tests.core.models import hollow

FAR = "Answers differ from its source's: likeliest token equal in 71%, KL 0.384 nats a token"
PLACES = "It says something else than its source in 29 of 100 places."


def receipt(status: str) -> dict[str, Any]:
    fault = {
        "green": ("behaviour", "green", "Answers like its source: likeliest token equal in 96%"),
        "amber": ("behaviour", "amber", FAR),
        "red": ("loads", "red", "The runtime crashed on the export"),
    }[status]
    checks = [("precision", "green", "4.00 bits a weight on average"), fault]
    listed = [{"name": name, "status": colour, "text": text} for name, colour, text in checks]
    reasons = [] if status == "green" else [fault[2]]
    shown = {"status": status, "recipe": "int4", "checks": listed, "reasons": reasons}
    return {"version": 1, **shown, "agreement": 5 / 7, "bytes": 1}


def quantized(workspace: Workspace, status: str) -> tuple[Run, Artifact]:
    """A quantization that ended well, and what it made."""
    source = hollow.add(workspace, "Taught")
    spec = QuantizeSpec(model=source.id, recipe="int4").model_dump(mode="json")
    run = workspace.store.add_run("quantize", "Taught-int4", spec, [source.id])
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result={"agreement": 5 / 7, "receipt": status})
    meta = {"format": "onnx", "recipe": "int4", "parameters": 135_000_000, "receipt": status}
    made = recordings.add_artifact(workspace, "model", "Taught-int4", run.id, meta)
    folder = workspace.artifact_folder(made.id)
    folder.mkdir()
    (folder / "receipt.json").write_text(json.dumps(receipt(status)))
    (folder / "model.json").write_text(json.dumps({"version": 1, "name": made.name, **meta}))
    said: list[tuple[str, dict[str, Any]]] = [
        ("artifact", {"id": made.id, "type": "model", "name": made.name}),
        ("state", {"state": "succeeded"}),
    ]
    events = [Event(ev, at, time.time(), fields) for at, (ev, fields) in enumerate(said)]
    recordings.write_events(workspace.run_folder(run.id), events)
    return workspace.store.run(run.id), made


@pytest.fixture
def window(context: Context, qtbot: QtBot) -> MainWindow:
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.resize(1100, 700)
    window.show()
    return window


def run_page(window: MainWindow, qtbot: QtBot, run: Run) -> RunPage:
    window.show_page("run", run.id)
    page = window.current_page
    assert isinstance(page, RunPage)
    qtbot.waitUntil(page.outcome.isVisible)
    return page


def click(button: QAbstractButton) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def dialog(window: MainWindow) -> ReceiptDialog:
    found = [each for each in window.findChildren(ReceiptDialog) if each.isVisible()]
    assert len(found) == 1
    return found[0]


def test_a_run_that_made_an_amber_model_says_why_and_measures_first(
    window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    run, _made = quantized(workspace, "amber")
    card = run_page(window, qtbot, run).outcome
    assert card.pill.text() == "⚠ Look first"
    assert "is ready" not in card.title_label.text()
    advice = "Measure it on your test rows before you use it, or make it again in int8 or int4-mixed."
    assert card.note_label.text() == f"{PLACES} {advice}"
    assert card.button.text() == "Measure it"
    assert card.third_button.text() == "Chat with it"
    click(card.button)
    assert isinstance(window.current_page, EvaluatePage)
    assert [item.name for item in window.current_page.view_model.chosen] == ["Taught", "Taught-int4"]


def test_an_amber_model_can_be_made_again_nearer_to_its_source(
    window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    run, _made = quantized(workspace, "amber")
    card = run_page(window, qtbot, run).outcome
    assert card.also_button.text() == "Make it again in int8"
    click(card.also_button)
    page = window.current_page
    assert isinstance(page, QuantizePage)
    assert page.view_model.recipe == "int8"
    assert page.view_model.name == "Taught-int8"


def test_a_red_model_is_not_offered_for_a_chat(
    window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    run, _made = quantized(workspace, "red")
    card = run_page(window, qtbot, run).outcome
    assert card.pill.text() == "✗ Not usable"
    assert "cannot be used as it is" in card.title_label.text()
    assert card.note_label.text().startswith("The runtime crashed on the export.")
    shown = [each.text() for each in (card.button, card.also_button, card.third_button) if each.isVisible()]
    assert shown == ["Measure it", "Make it again"]


def test_a_green_model_is_ready_as_before(window: MainWindow, qtbot: QtBot, workspace: Workspace) -> None:
    run, _made = quantized(workspace, "green")
    card = run_page(window, qtbot, run).outcome
    assert card.pill.text() == "✓ Checked"
    assert "is ready" in card.title_label.text()
    assert card.button.text() == "Chat with it"


def test_a_run_whose_model_was_removed_has_no_receipt_to_show(
    window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    run, made = quantized(workspace, "amber")
    shutil.rmtree(workspace.artifact_folder(made.id))
    card = run_page(window, qtbot, run).outcome
    assert not card.pill.isVisible()
    assert not card.receipt_button.isVisible()


def test_the_receipt_opens_with_every_check_and_what_the_colours_mean(
    window: MainWindow, qtbot: QtBot, workspace: Workspace
) -> None:
    run, made = quantized(workspace, "amber")
    click(run_page(window, qtbot, run).outcome.receipt_button)
    shown = dialog(window)
    assert shown.pill.text() == "⚠ Look first"
    assert PLACES in shown.reasons.text()
    lines = [(sign.text(), text.text()) for sign, text in shown.checks]
    assert lines == [("⚠ What it says", FAR), ("✓ Bits of its weights", "4.00 bits a weight on average")]
    for word in ("✓ Checked", "⚠ Look first", "✗ Not usable"):
        assert word in shown.colours.text()
    click(shown.close_button)
    qtbot.waitUntil(lambda: not window.findChildren(ReceiptDialog))
    window.show_page("models", made.id)
    page = window.current_page
    assert isinstance(page, ModelsPage)
    assert page.details.receipt.text() == "⚠ Look first"
    assert page.details.reasons.text().startswith(PLACES)
    click(page.details.receipt_button)
    assert dialog(window).reasons.text().startswith(PLACES)


def test_a_receipt_that_cannot_be_read_opens_as_red(window: MainWindow, workspace: Workspace) -> None:
    _run, made = quantized(workspace, "amber")
    (workspace.artifact_folder(made.id) / "receipt.json").write_text("{")
    window.show_page("models", made.id)
    page = window.current_page
    assert isinstance(page, ModelsPage)
    assert page.details.receipt.text() == "✗ Not usable"
    click(page.details.receipt_button)
    assert "Its receipt cannot be read." in dialog(window).reasons.text()
    assert dialog(window).checks == []


def tiles(page: HomePage) -> dict[str, tuple[str, QAbstractButton]]:
    found = [page._steps.itemAt(at).widget() for at in range(page._steps.count())]
    return {
        button.text(): (tile.findChild(Pill).text(), button)
        for tile in found
        if isinstance(tile, StepTile) and (button := tile.findChild(QAbstractButton))
    }


def test_home_measures_an_amber_model_first_and_compares_it_then(
    window: MainWindow, workspace: Workspace
) -> None:
    _run, made = quantized(workspace, "amber")
    recordings.add_artifact(workspace, "dataset", "Questions")
    recordings.add_finetune(workspace, "tuning", 3, "succeeded")
    tuned = workspace.store.runs()[0]
    recordings.add_artifact(workspace, "model", "Tuned", tuned.id)
    window.show_page("home")
    page = window.current_page
    assert isinstance(page, HomePage)
    page.open_with(None)
    assert tiles(page)["Quantize"][0] == "⚠ Look first"
    assert list(tiles(page))[-2:] == ["Measure", "Use"]
    text = "See on your test rows whether “Taught-int4” is good enough."
    assert page.next_card.note_label.text() == f"{text} {PLACES}"
    click(page.next_button)
    assert isinstance(window.current_page, EvaluatePage)
    assert [item.name for item in window.current_page.view_model.chosen] == ["Taught", "Taught-int4"]
    spec = EvaluateSpec(models=[made.id], data="d").model_dump(mode="json")
    run = workspace.store.add_run("evaluate", "measured", spec, [made.id])
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded")
    window.show_page("home")
    page.open_with(None)
    assert list(tiles(page))[-2:] == ["Compare", "Use"]
    assert page.next_button.text().startswith("Compare first")


def test_home_says_ready_of_a_green_model(window: MainWindow, workspace: Workspace) -> None:
    quantized(workspace, "green")
    window.show_page("home")
    page = window.current_page
    assert isinstance(page, HomePage)
    page.open_with(None)
    assert tiles(page)["Quantize"][0] == "✓ Ready"
    assert "Measure" not in tiles(page)


@pytest.mark.parametrize(
    ("status", "word", "tone", "reason"),
    [("amber", "Look first", "warn", PLACES), ("red", "Not usable", "bad", "The runtime crashed")],
)
def test_lists_of_models_mark_one_that_is_not_green(
    window: MainWindow, workspace: Workspace, status: str, word: str, tone: str, reason: str
) -> None:
    _run, made = quantized(workspace, status)
    window.show_page("deploy")
    page = window.current_page
    assert isinstance(page, DeployPage)
    choice = next(each for each in page.model_card._choices if each.key == made.id)
    assert (choice.pill, choice.tone) == (word, tone)
    assert reason in choice.text
    window.show_page("distill")
    page = window.current_page
    assert isinstance(page, DistillPage)
    assert [each.pill for each in page.pickers.teacher._choices if each.key == made.id] == [word]
    window.show_page("evaluate")
    page = window.current_page
    assert isinstance(page, EvaluatePage)
    line = page.models_card.boxes[made.id].parentWidget()
    assert line.findChild(Pill).text().endswith(word)
