from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.dialogs.error import ErrorDialog
from app.pages.runs.cards import OutcomeCard
from app.pages.runs.next_step import NextStep
from app.widgets.buttons import PrimaryButton
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.elided_box import ElidedCheckBox
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.job_bar import JobBar, JobStatus
from app.widgets.labels import ElidedLabel, Label
from app.widgets.meter import MemoryBar, Segment
from app.widgets.notice import Notice
from app.widgets.pill import Pill
from app.widgets.sidebar import NavItem, Sidebar
from app.widgets.spec_form import SpecForm
from app.widgets.steps import SegmentedSteps
from app.widgets.token_text import TextPart, TokenText
from core.errors import InputError
from core.specs import FinetuneSpec, QuantizeSpec


def test_markup_in_a_users_text_stays_text(qtbot: QtBot) -> None:
    label = Label("<b>not bold</b>")
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    shown = TokenText("row")
    qtbot.addWidget(shown)
    shown.set_parts([TextPart("<img src=x>", learnt=True)])
    assert "&lt;img" in shown.text()


def test_a_long_name_is_cut_and_kept_whole_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a very long name " * 20)
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text == label.accessibleName()


@pytest.mark.parametrize(("tone", "sign"), [("good", "✓"), ("warn", "⚠"), ("bad", "✗")])
def test_a_status_is_never_told_by_colour_alone(qtbot: QtBot, tone: str, sign: str) -> None:
    pill = Pill("Word", tone)  # type: ignore[arg-type]
    qtbot.addWidget(pill)
    assert pill.text() == f"{sign} Word"


def test_a_blocked_start_button_says_why(qtbot: QtBot) -> None:
    button = PrimaryButton("Start fine-tuning")
    qtbot.addWidget(button)
    button.block("Choose data first")
    assert not button.isEnabled()
    assert button.text() == "Choose data first"
    button.block("")
    assert button.isEnabled()
    assert button.text() == "Start fine-tuning"


def test_steps_open_up_to_the_first_that_is_not_valid(qtbot: QtBot) -> None:
    steps = SegmentedSteps(["Model", "Data", "Method"])
    qtbot.addWidget(steps)
    steps.set_state(current=1, reachable=1)
    buttons = [steps._group.button(index) for index in range(3)]
    assert [button.text() for button in buttons] == ["✓ Model", "2 Data", "3 Method"]
    assert [button.isEnabled() for button in buttons] == [True, True, False]
    with qtbot.waitSignal(steps.step_requested) as asked:
        buttons[0].click()
    assert asked.args == [0]


def test_a_blocked_choice_says_why_and_cannot_be_chosen(qtbot: QtBot) -> None:
    cards = ChoiceCards("Method")
    qtbot.addWidget(cards)
    cards.set_choices(
        [
            Choice("lora", "LoRA", "Small.", pill="Recommended"),
            Choice("full", "Full", "All."),
            Choice("qlora", "QLoRA", "", blocked="Needs a GPU."),
        ],
        "lora",
    )
    cards.choose("qlora")
    assert cards.current == "lora"
    with qtbot.waitSignal(cards.chosen) as chosen:
        qtbot.mouseClick(cards._cards["full"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["full"]
    assert cards._cards["qlora"].radio.accessibleDescription() == "Needs a GPU."


def test_the_memory_bar_reads_its_parts_aloud(qtbot: QtBot) -> None:
    bar = MemoryBar("Memory at its highest")
    qtbot.addWidget(bar)
    bar.set_segments([Segment("Model", 540_000_000, 0), Segment("Rest", 60_000_000, 1)], 19_600_000_000)
    text = "Memory at its highest: 600 MB of 19.6 GB. Model 540 MB, Rest 60 MB"
    assert bar.accessibleName() == text


def test_a_narrow_job_bar_says_whole_why_a_job_waits(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.set_memory(19_300_000_000, 23_000_000_000)
    note = "another SLM Workbench is at work here"
    title = "Banking questions of all branches, distilled twice"
    bar.show_job(JobStatus("r", title, "Waiting", note=note, queued=2))
    bar.show()
    for width in (892, 1232):
        bar.resize(width, bar.height())
        qtbot.waitUntil(lambda: bar.stop_button.geometry().right() < bar.width())
        assert bar.left.width() >= bar.left.sizeHint().width()
        qtbot.waitUntil(lambda: bar.title.width() >= bar.title.sizeHint().width())
        assert bar.title.text().startswith("Banking")
    assert bar.title.accessibleName() == title


def test_what_the_job_bar_counts_is_read_whole_in_a_narrow_window(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.set_memory(3_300_000_000, 23_000_000_000)
    count = "Answer 1,230 of 1,360"
    bar.show_job(JobStatus("r", "Banking, distilled twice", "Measuring", count=count, left_s=8000, queued=2))
    bar.show()
    for width in (892, 1232):
        bar.resize(width, bar.height())
        qtbot.waitUntil(lambda: bar.stop_button.geometry().right() < bar.width())
        assert bar.left.text() == "Answer 1,230 of 1,360 · 2 h 13 min left · 2 waiting"
        assert bar.left.width() >= bar.left.sizeHint().width()


def test_the_job_bar_shows_a_job_and_asks_to_stop_it(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.stop_button.isVisible()
    bar.show_job(JobStatus("finetune-1", "Banking", "Training", fraction=0.5, left_s=92, queued=2))
    assert bar.left.text() == "1 min 32 s left · 2 waiting"
    assert bar.meter.value() == 500
    with qtbot.waitSignal(bar.stop_requested) as asked:
        bar.stop_button.click()
    assert asked.args == ["finetune-1"]
    bar.show_idle()
    assert bar.title.text() == "No job is running"


def test_the_sidebar_tells_the_state_in_words_and_asks_for_pages(qtbot: QtBot) -> None:
    sidebar = Sidebar("SLM Workbench")
    qtbot.addWidget(sidebar)
    sidebar.add_page("home", "Home", "house")
    sidebar.add_section("Work")
    sidebar.add_page("runs", "Runs", "history")
    sidebar.add_page("settings", "Settings", "settings", at_foot=True)
    sidebar.set_state("runs", "busy")
    items = {item.key: item for item in sidebar.findChildren(NavItem)}
    assert items["runs"].accessibleName() == "Runs, at work"
    with qtbot.waitSignal(sidebar.page_requested) as asked:
        items["runs"].click()
    assert asked.args == ["runs"]
    sidebar.show()
    assert items["home"].y() < items["runs"].y() < items["settings"].y()


def test_an_error_shows_what_why_and_what_to_do_and_copies_a_report(qtbot: QtBot) -> None:
    error = InputError("No file.", why="It was moved.", fix="Choose it again.", details="errno 2")
    panel = ErrorPanel(ErrorText.of(error))
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.details.isVisible()
    panel.details_button.click()
    assert panel.details.isVisible()
    panel.copy_button.click()
    report = QGuiApplication.clipboard().text()
    for part in ("No file.", "Why: It was moved.", "Do: Choose it again.", "errno 2"):
        assert part in report


def test_enter_and_escape_choose_the_safe_answer(qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        dialog = ConfirmDialog("Remove “Banking”?", "It is deleted.", "Remove it", "Keep it")
        acted: list[bool] = []
        dialog.confirmed.connect(lambda acted=acted: acted.append(True))
        dialog.open()
        qtbot.keyClick(dialog, key)
        assert not acted
        assert not dialog.isVisible()


def test_a_long_consequence_is_shown_whole(qtbot: QtBot) -> None:
    text = "\n\n".join(f"Learnt from it: the model {number}. It stays, and so on." * 3 for number in range(4))
    dialog = ConfirmDialog("Remove “Banking”?", text, "Remove it", "Keep it")
    qtbot.addWidget(dialog)
    dialog.open()
    label = next(label for label in dialog.findChildren(Label) if label.text() == text)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))


def test_many_next_steps_leave_room_for_their_reason(qtbot: QtBot) -> None:
    third = NextStep("", "", "Quantize it all the same", "quantize", "m")
    second = NextStep("", "", "Fine-tune the teacher", "finetune", "t", third)
    card = OutcomeCard()
    qtbot.addWidget(card)
    for also, is_below in ((second, True), (third, False)):
        card.show_step(NextStep("“Cards” is far.", "It keeps 61 %.", "Learn longer", "distill", "m", also))
        card.resize(560, 200)
        card.show()
        qtbot.waitUntil(
            lambda is_below=is_below: (card.button.y() > card.note_label.geometry().bottom()) == is_below
        )
        assert [b.isVisible() for b in (card.button, card.also_button, card.third_button)] == [
            True, True, is_below,
        ]  # fmt: skip


def test_the_error_dialog_closes(qtbot: QtBot) -> None:
    dialog = ErrorDialog(ErrorText("It broke.", details="trace"))
    dialog.open()
    dialog.close_button.click()
    assert not dialog.isVisible()


def test_a_notice_goes_by_itself_unless_it_warns(qtbot: QtBot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_message("Saved.", word="Done", tone="good")
    assert notice._timer.isActive()
    notice.show_message("Disk is nearly full.", word="Careful", tone="warn")
    assert not notice._timer.isActive()
    assert notice.isVisible()


def test_a_form_takes_labels_bounds_and_defaults_from_the_spec(qtbot: QtBot) -> None:
    form = SpecForm(FinetuneSpec, ["epochs", "method"])
    qtbot.addWidget(form)
    field = form.field("batch_size")
    assert field.label.text() == "Batch (rows)"
    assert isinstance(form.field("method").control, QComboBox)
    assert isinstance(form.field("default_system").control, QCheckBox)
    assert form.values()["epochs"] == 3.0
    assert form.values()["learning_rate"] is None
    assert form.changed_values() == {}


def test_a_wrong_value_is_named_where_it_stands(qtbot: QtBot) -> None:
    form = SpecForm(FinetuneSpec, ["epochs"])
    qtbot.addWidget(form)
    field = form.field("batch_size")
    assert isinstance(field.control, QLineEdit)
    with qtbot.waitSignal(form.validity_changed) as said:
        field.control.clear()
        qtbot.keyClicks(field.control, "0")
    assert said.args == [False]
    assert form.errors() == {"batch_size": "At least 1"}
    field.control.clear()
    qtbot.keyClicks(field.control, "eight")
    assert field.error() == "Type a whole number"
    form.reset()
    assert form.is_valid


def test_small_numbers_are_typed_with_a_point_in_every_language(qtbot: QtBot) -> None:
    form = SpecForm(FinetuneSpec, ["learning_rate"])
    qtbot.addWidget(form)
    control = form.field("learning_rate").control
    assert isinstance(control, QLineEdit)
    qtbot.keyClicks(control, "0.0008")
    assert form.values()["learning_rate"] == 0.0008
    assert "1 changed" not in form.advanced_button.text()
    form.set_values({"lora_rank": 8})
    assert "1 changed" in form.advanced_button.text()


def test_every_field_of_the_quantize_spec_has_an_editor(qtbot: QtBot) -> None:
    form = SpecForm(QuantizeSpec, ["recipe"], choices={"recipe": {"int8": "8 bit"}})
    qtbot.addWidget(form)
    combo = form.field("recipe").control
    assert isinstance(combo, QComboBox)
    assert combo.findText("8 bit") >= 0
    assert form.values() == {
        "recipe": "int4-mixed",
        "algorithm": "auto",
        "block": "auto",
        "kv_cache": "float",
        "heal": 0,
        "max_length": 2048,
        "threads": None,
    }


def test_a_box_shows_its_whole_name_where_there_is_room_and_both_ends_where_there_is_none(
    qtbot: QtBot,
) -> None:
    box = ElidedCheckBox("Support & mails, LoRA")
    qtbot.addWidget(box)
    box.show()
    for width in (400, 150, box.sizeHint().width()):
        box.resize(width, 32)
        assert (box.text() == "Support && mails, LoRA") == (width != 150)
        assert (box.toolTip() == "Support & mails, LoRA") == (width == 150)
        assert box.text().startswith("Su")
        assert box.text().endswith("RA")
    assert box.accessibleName() == "Support & mails, LoRA"
