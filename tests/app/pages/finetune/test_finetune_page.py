"""The fine-tune wizard, by clicks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.formats import size_text
from app.job_bridge import JobBridge
from app.pages.finetune import fit_model
from app.pages.finetune.page import FinetunePage
from app.pages.finetune.view_model import FinetuneViewModel
from core.jobs import run_folder
from core.models.fit import machine
from core.specs import FinetuneSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> FinetunePage:
    page = FinetunePage(FinetuneViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


@pytest.fixture
def ready(page: FinetunePage, qtbot: QtBot, add_model: Add, add_data: Add) -> FinetunePage:
    """The page with one model and one data set, which are chosen by themselves."""
    add_model()
    add_data()
    page.open_with(None)
    qtbot.waitUntil(lambda: page.view_model.facts is not None and page.view_model.fit.forecast is not None)
    return page


def click_card(page: FinetunePage, cards: str, key: str) -> None:
    holders = {"model": page.model_card.cards, "data": page.data_card.cards}
    QTest.mouseClick(holders.get(cards, page.method_card.methods)._cards[key], LEFT)


def test_empty_wizard_says_what_is_missing_and_leads_there(page: FinetunePage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a model first"
    assert not page.method_card.isVisible()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.model_card.add_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_steps_open_one_after_the_other(page: FinetunePage, add_model: Add, add_data: Add) -> None:
    first, _second = add_model("one"), add_model("two")
    data, _other = add_data("questions"), add_data("more questions")
    page.open_with(None)
    click_card(page, "model", first.id)
    assert page.preview_card.start_button.text() == "Choose data first"
    assert page.data_card.cards.isVisible()
    assert not page.model_card.cards.isVisible()
    click_card(page, "data", data.id)
    assert page.method_card.isVisible()
    assert page.preview_card.start_button.isEnabled()
    QTest.mouseClick(page.model_card.change_button, LEFT)
    assert page.model_card.cards.isVisible()
    assert not page.method_card.isVisible()


def test_models_that_cannot_learn_are_not_offered(page: FinetunePage, add_model: Add) -> None:
    base = add_model("base")
    add_model("add-on", format="adapter", base=base.id)
    add_model("small", format="onnx")
    page.open_with(None)
    assert [item.name for item in page.view_model.models] == ["add-on", "base"]


def test_more_methods_open_with_a_click(ready: FinetunePage, workspace: Workspace) -> None:
    QTest.mouseClick(ready.method_card.more_button, LEFT)
    assert not ready.method_card.more_button.isVisible()
    assert ready.method_card.methods.current == "lora"
    click_card(ready, "method", "ia3")
    assert not ready.method_card.form.field("lora_rank").isEnabled()
    click_card(ready, "method", "dora")
    assert ready.method_card.form.field("lora_rank").isEnabled()
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert FinetuneSpec.model_validate(workspace.store.runs()[0].spec).method == "dora"


def test_a_method_that_cannot_run_here_says_why(ready: FinetunePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pages.finetune.method_card.missing", lambda _method: "bitsandbytes")
    QTest.mouseClick(ready.method_card.more_button, LEFT)
    card = ready.method_card.methods._cards["qlora"]
    assert not card.radio.isEnabled()
    assert "bitsandbytes" in card.radio.accessibleDescription()


def test_only_an_add_on_can_learn_on_and_keeps_its_method(
    ready: FinetunePage, workspace: Workspace, add_model: Add
) -> None:
    addon = add_model("add-on", format="adapter", base=ready.view_model.model.id, method="dora", rank=8)
    ready.open_with(None)
    box = ready.method_card.form.field("continue_adapter")
    assert not box.isEnabled()
    ready.view_model.choose_model(addon.id)
    QTest.mouseClick(ready.method_card.form.advanced_button, LEFT)
    assert box.isEnabled()
    box.control.click()
    assert ready.method_card.continuing.isVisible()
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    spec = FinetuneSpec.model_validate(workspace.store.runs()[0].spec)
    assert (spec.model, spec.method, spec.continue_adapter) == (addon.id, "auto", True)


def test_preview_shows_need_and_the_row_as_it_is(ready: FinetunePage) -> None:
    assert ready.preview_card.bar.isVisible()
    assert ready.preview_card.facts.names == ["Time", "Disk", "Electricity"]
    assert "no run of this kind" in ready.preview_card.note.text()
    parts = ready.sees_card.text._parts
    assert [part.text for part in parts if part.learnt] in (["card arrival"], ["lost card"])
    assert ready.sees_card.isVisible()


def test_full_needs_more_than_lora(ready: FinetunePage) -> None:
    lora = ready.view_model.fit.forecast.need.memory
    click_card(ready, "method", "full")
    full = ready.view_model.fit.forecast.need.memory
    assert full.optimizer > 10 * lora.optimizer
    assert full.total > lora.total


def test_the_forecast_is_corrected_by_an_earlier_run_of_the_same_kind(
    ready: FinetunePage, workspace: Workspace, qtbot: QtBot
) -> None:
    model, data = ready.view_model.model, ready.view_model.data
    before = ready.view_model.fit.forecast.need
    precision = "bf16" if machine.has_fast_bf16() else "fp32"  # as the page would have it decided
    spec = {"model": model.id, "data": data.id, "method": "lora", "precision": precision}
    run = workspace.store.add_run("finetune", "earlier", spec, [model.id, data.id])
    told = {"method": "lora", "precision": precision, "machine": machine.key()}
    told |= {"rows_per_s": before.rows_per_s / 3, "peak_rss_bytes": 1.5 * before.memory.total}
    workspace.store.set_state(run.id, "succeeded", result=told)
    ready.view_model.fit._on_run_changed(run.id)
    qtbot.waitUntil(lambda: ready.view_model.fit.forecast.corrections.runs == 1)
    need = ready.view_model.fit.forecast.need
    assert 2 < need.seconds.training / before.seconds.training < 4
    assert need.memory.total > 1.2 * before.memory.total
    assert "corrected by an earlier run" in ready.preview_card.note.text()


@pytest.fixture
def crowded(ready: FinetunePage, monkeypatch: pytest.MonkeyPatch) -> FinetunePage:
    """The page on a computer with so little free memory that full fine-tuning does not fit."""
    monkeypatch.setattr(fit_model, "free_memory_bytes", lambda: 1_900_000_000)
    click_card(ready, "method", "full")
    return ready


def test_what_does_not_fit_says_so_and_one_click_makes_it_fit(crowded: FinetunePage) -> None:
    card = crowded.preview_card
    assert "Does not fit" in card.fit.text()
    assert card.start_button.text() == "Start anyway"
    texts = [button.text() for button in card.help_buttons]
    assert any(text.startswith("Method: LoRA · ") for text in texts)
    QTest.mouseClick(next(b for b in card.help_buttons if b.text().startswith("Method")), LEFT)
    assert crowded.view_model.method == "lora"
    assert crowded.method_card.methods.current == "lora"
    assert card.fit.text() in ("✓ It fits", "⚠ Tight")
    assert not card.help_buttons
    assert card.start_button.text() == "Start fine-tuning"


def test_too_little_disk_is_said_where_the_disk_stands_until_some_is_free(
    ready: FinetunePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_model, "free_memory_bytes", lambda: 64_000_000_000)
    card, model = ready.preview_card, ready.view_model
    model.choose_method("full")
    need = model.fit.forecast.need.disk
    for share, sign, role, pill, start in (
        (0.8, "✗ ", "lacking", "✗ Does not fit", "Free disk space first"),
        (1.1, "⚠ ", "scarce", "⚠ Tight", "Start fine-tuning"),
        (2.0, "", "strong", "✓ It fits", "Start fine-tuning"),
    ):
        monkeypatch.setattr(fit_model, "free_disk_bytes", lambda _folder, share=share: round(share * need))
        ready.open_with(None)
        disk = card.facts._values["Disk"]
        assert disk.text().startswith(f"{sign}{size_text(need)} of ")
        assert disk.property("role") == role
        assert ("not enough" in disk.accessibleName()) == (share < 1)
        assert (card.fit.text(), card.start_button.text()) == (pill, start)
    monkeypatch.setattr(fit_model, "free_disk_bytes", lambda _folder: None)
    ready.open_with(None)
    assert card.facts._values["Disk"].text() == f"up to {size_text(need)}"
    assert card.start_button.isEnabled()


def test_a_suggested_field_is_changed_in_the_form_too(
    ready: FinetunePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = ready.view_model.fit.forecast.need.memory
    free = round(need.fixed + 0.85 * need.passing)
    monkeypatch.setattr(fit_model, "free_memory_bytes", lambda: free)
    form = ready.method_card.form
    form.set_values({"gradient_checkpointing": "off"})
    card = ready.preview_card
    button = next(b for b in card.help_buttons if b.text().startswith("Tokens at once"))
    QTest.mouseClick(button, LEFT)
    assert ready.view_model.values["tokens_at_once"] < 1024
    assert form.field("tokens_at_once").value() == ready.view_model.values["tokens_at_once"]


def test_starting_anyway_asks_once_and_is_logged(
    crowded: FinetunePage, workspace: Workspace, qtbot: QtBot
) -> None:
    QTest.mouseClick(crowded.preview_card.start_button, LEFT)
    dialog = crowded.findChild(ConfirmDialog)
    QTest.mouseClick(dialog.keep_button, LEFT)
    assert not workspace.store.runs()
    QTest.mouseClick(crowded.preview_card.start_button, LEFT)
    dialog = next(found for found in crowded.findChildren(ConfirmDialog) if found.isVisible())
    QTest.mouseClick(dialog.act_button, LEFT)
    run = workspace.store.runs()[0]
    log = run_folder.replay(workspace.run_folder(run.id))
    assert [event.ev for event in log] == ["warning"]
    assert "were free" in log[0]["text"]


def test_measure_it_queues_a_dry_run_and_shows_its_figures(
    ready: FinetunePage, workspace: Workspace, qtbot: QtBot
) -> None:
    card = ready.preview_card
    QTest.mouseClick(card.measure_button, LEFT)
    run = workspace.store.runs()[0]
    assert (run.kind, run.spec["spec"]["method"]) == ("fit", "lora")
    assert not card.measure_button.isEnabled()
    told = {"memory_bytes": 1_234_000_000, "seconds": 61.0}
    workspace.store.set_state(run.id, "succeeded", result={"machine": machine.key(), "measured": told})
    ready.view_model.fit._jobs._on_run_changed(run.id)
    ready.view_model.fit._on_run_changed(run.id)
    qtbot.waitUntil(lambda: ready.view_model.fit.measured is not None)
    assert card.facts._values["Memory, measured"].text() == "1.23 GB"
    assert card.facts._values["Time, measured"].text() == "about 1 min 1 s"
    assert card.measure_button.text() == "Measure again"
    ready.view_model.choose_patience("thorough")
    assert "Memory, measured" not in card.facts.names, "another run was measured"


def test_advanced_counts_changes_refuses_nonsense_and_resets(ready: FinetunePage) -> None:
    form = ready.method_card.form
    QTest.mouseClick(form.advanced_button, LEFT)
    batch = form.field("batch_size").control
    batch.setFocus()
    batch.selectAll()
    QTest.keyClicks(batch, "8")
    assert ready.view_model.changed_fields == 1
    assert "1 changed" in form.advanced_button.text()
    batch.selectAll()
    QTest.keyClicks(batch, "0")
    assert ready.preview_card.start_button.text() == "Correct the advanced fields first"
    QTest.mouseClick(form.reset_button, LEFT)
    assert ready.view_model.changed_fields == 0
    assert ready.preview_card.start_button.isEnabled()


def test_passes_that_end_before_the_step_limit_are_told_before_and_in_the_log(
    ready: FinetunePage, workspace: Workspace
) -> None:
    form = ready.method_card.form
    QTest.mouseClick(form.advanced_button, LEFT)
    limit = form.field("max_steps").control
    limit.setFocus()
    limit.selectAll()
    QTest.keyClicks(limit, "60")
    steps = ready.view_model.fit.forecast.need.plan.steps
    said = f"The passes end after {steps} steps, before the step limit of 60. Set 60 passes to reach it."
    assert ready.preview_card.note.text().startswith(said)
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    log = run_folder.replay(workspace.run_folder(workspace.store.runs()[0].id))
    assert [event["text"] for event in log] == [said]


def test_start_queues_the_spec_and_opens_the_run(
    ready: FinetunePage, qtbot: QtBot, workspace: Workspace
) -> None:
    click_card(ready, "method", "full")
    patience = ready.method_card.patience
    patience.setFocus()
    QTest.keyClick(patience, Qt.Key.Key_Up)
    with qtbot.waitSignal(ready.page_requested) as asked:
        QTest.mouseClick(ready.preview_card.start_button, LEFT)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    spec = FinetuneSpec.model_validate(run.spec)
    assert (spec.method, spec.epochs, spec.batch_size) == ("full", 1.0, 16)
    assert run.name == "Banking questions-full"


def test_patience_fills_what_was_not_set_by_hand_and_says_so(
    ready: FinetunePage, workspace: Workspace
) -> None:
    form = ready.method_card.form
    assert "SmolLM2 135M, classification: 3 passes, learning rate 0.001" in ready.method_card.chosen.text()
    form.field("lora_rank").control.setText("4")
    form.field("lora_rank").control.textEdited.emit("4")
    ready.method_card.patience.setCurrentIndex(2)
    assert form.field("epochs").value() == 6.0
    assert form.field("lora_rank").value() == 4
    assert ready.view_model.changed_fields == 1
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    spec = FinetuneSpec.model_validate(workspace.store.runs()[0].spec)
    assert (spec.epochs, spec.lora_rank, spec.lora_alpha) == (6.0, 4, 64)


def test_a_waiting_run_of_the_same_name_is_refused_in_words(ready: FinetunePage, qtbot: QtBot) -> None:
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    ready.view_model.set_name("Banking questions-lora")
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert ready.error_panel.isVisible()
    assert "already taken" in ready.error_panel.title_label.text()


def test_the_result_can_be_named_in_the_last_step(ready: FinetunePage, workspace: Workspace) -> None:
    QTest.mouseClick(ready.steps._group.button(3), LEFT)
    line = ready.check_card.name.line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "SmolLM2")
    assert ready.preview_card.start_button.text() == "Choose a free name first"
    QTest.keyClicks(line, " tuned")
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert workspace.store.runs()[0].name == "SmolLM2 tuned"


def test_command_says_the_same(ready: FinetunePage, qtbot: QtBot) -> None:
    ready.view_model.choose_patience("thorough")
    ready.view_model.set_advanced({"epochs": 6.0}, {})
    QTest.mouseClick(ready.preview_card.command_button, LEFT)
    command = ready.preview_card.command.toPlainText()
    assert command == (
        "slm-workbench finetune --model SmolLM2 --data 'Banking questions' --method lora --patience thorough "
        "--set epochs=6.0 --name 'Banking questions-lora'"
    )
    with qtbot.waitSignal(ready.notice_raised):
        QTest.mouseClick(ready.preview_card.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == command


def test_a_removed_model_is_no_longer_chosen(ready: FinetunePage, workspace: Workspace) -> None:
    workspace.store.remove_artifact(ready.view_model.model.id)
    ready.view_model.refresh()
    assert ready.view_model.model is None
    assert ready.model_card.nothing.isVisible()


def test_arrow_keys_choose_and_space_goes_on(page: FinetunePage, add_model: Add) -> None:
    add_model("one")
    add_model("two")
    page.open_with(None)
    page.view_model.choose_model(page.view_model.models[0].id)
    first, second = (card.radio for card in page.model_card.cards._cards.values())
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert page.view_model.model.name == "one"
    assert page.model_card.cards.isVisible()
    QTest.keyClick(second, Qt.Key.Key_Space)
    assert not page.model_card.cards.isVisible()
    assert page.data_card.nothing.isVisible()


def test_the_chosen_model_can_be_kept_by_a_click(ready: FinetunePage) -> None:
    QTest.mouseClick(ready.model_card.change_button, LEFT)
    click_card(ready, "model", ready.view_model.model.id)
    assert ready.method_card.isVisible()
