"""The distill wizard, by clicks."""

from __future__ import annotations

import pytest
from hands import LARGE, LEFT, Add, queued, said, take, type_into
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.models.repeat import repeat_of
from app.pages.distill import pair_doctor
from app.pages.distill.page import DistillPage
from app.pages.finetune import fit_model
from core.jobs import run_folder
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

# --- teacher and student ---


def test_an_empty_wizard_says_what_is_missing_and_leads_there(page: DistillPage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a teacher first"
    assert not page.pair_card.continue_button.isEnabled()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.pickers.teacher.add_button, LEFT)
    assert asked.args[0] == "models"


def test_steps_open_one_after_the_other(
    page: DistillPage, qtbot: QtBot, add_reader: Add, add_data: Add
) -> None:
    large, small = add_reader("large", parameters=LARGE), add_reader("small")
    add_reader("third")
    data, _other = add_data("questions"), add_data("more questions")
    page.open_with(None)
    take(page, "teacher", large)
    assert page.pair_card.continue_button.text() == "Choose a student first"
    assert not page.steps._group.button(1).isEnabled()
    take(page, "student", small)
    qtbot.waitUntil(page.pair_card.continue_button.isEnabled)
    QTest.mouseClick(page.pair_card.continue_button, LEFT)
    assert page.preview_card.start_button.text() == "Choose data first"
    assert page.data_card.cards.isVisible()
    QTest.mouseClick(page.data_card.cards._cards[data.id], LEFT)
    assert page.method_card.choosing.isVisible()
    assert page.preview_card.start_button.text() == "Start distilling"
    QTest.mouseClick(page.steps._group.button(3), LEFT)
    assert page.check_card.isVisible()
    QTest.mouseClick(page.pickers.student.change_button, LEFT)
    assert page.pickers.student.cards.isVisible()
    assert not page.method_card.isVisible()


def test_any_model_teaches_and_every_other_that_can_learn_is_a_student(
    page: DistillPage, add_reader: Add
) -> None:
    base = add_reader("base")
    add_reader("add-on", format="adapter", base=base.id)
    small = add_reader("small", format="onnx")
    page.open_with(None)
    assert {item.name for item in page.view_model.teachers} == {"base", "add-on", "small"}
    take(page, "teacher", small)
    assert {item.name for item in page.view_model.students} == {"base", "add-on"}
    take(page, "teacher", base)
    assert page.view_model.student is not None, "the only other that can learn"
    assert page.view_model.student.name == "add-on"


def test_the_doctor_looks_again_when_either_changes(
    page: DistillPage, qtbot: QtBot, pair: tuple[Artifact, Artifact], add_reader: Add
) -> None:
    foreign = add_reader("foreign", "qrstuvwxyz", licence="")
    page.open_with(None)
    take(page, "teacher", pair[0])
    take(page, "student", pair[1])
    qtbot.waitUntil(lambda: "the same tokens" in said(page))
    assert "2.7× smaller" in said(page)
    take(page, "teacher", foreign)
    qtbot.waitUntil(lambda: "Different tokenizers" in said(page))
    assert "licence is not known" in said(page)
    take(page, "student", pair[0])
    qtbot.waitUntil(lambda: "is not smaller than `foreign`" in said(page))
    assert "choose a smaller model" in said(page)
    assert page.pair_card.continue_button.isEnabled()


def test_a_stop_blocks_the_way_on_and_says_so(
    ready: DistillPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_doctor, "free_memory_bytes", lambda: 1_000_000_000)
    ready.open_with(None)
    qtbot.waitUntil(lambda: "In the way" in texts(ready.pair_card))
    assert ready.pair_card.isVisible(), "it goes back to the pair"
    assert not ready.method_card.isVisible()
    assert not ready.steps._group.button(1).isEnabled()
    for button in (ready.pair_card.continue_button, ready.preview_card.start_button):
        assert not button.isEnabled()
        assert button.text() == "Choose another pair first"
    assert not ready.preview_card.bar.isVisible(), "no figures of a run that cannot be"


def texts(card: QWidget) -> str:
    return " ".join(label.text() for label in card.findChildren(QLabel))


def test_a_teacher_that_learnt_nothing_yet_is_offered_to_be_taught_first(
    page: DistillPage, qtbot: QtBot, workspace: Workspace, pair: tuple[Artifact, Artifact], add_reader: Add
) -> None:
    run = workspace.store.add_run("finetune", "taught", {"model": pair[0].id, "data": "gone"}, [pair[0].id])
    taught = add_reader("taught", parameters=LARGE, run_id=run.id)
    export = workspace.store.add_run("quantize", "small", {"model": taught.id}, [taught.id])
    exported = add_reader("exported", format="onnx", run_id=export.id)
    page.open_with(None)
    for teacher in (taught, exported):
        take(page, "teacher", teacher)
        assert not page.pair_card.offer.isVisible()
    take(page, "teacher", pair[0])
    assert page.pair_card.offer.isVisible()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.pair_card.correct_button, LEFT)
    assert asked.args == ["finetune", pair[0].id]


def test_a_student_can_be_cut_out_of_a_teacher_that_has_none_smaller(
    page: DistillPage, qtbot: QtBot, add_reader: Add
) -> None:
    only = add_reader("only")
    page.open_with(only.id)
    assert page.pair_card.cut_offer.isVisible(), "a model cannot be its own teacher"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.pair_card.cut_button, LEFT)
    assert asked.args == ["prune", only.id]
    large = add_reader("large", parameters=LARGE)
    page.open_with(None)
    take(page, "student", large)
    assert page.pair_card.cut_offer.isVisible(), "a larger student"
    take(page, "teacher", large)
    take(page, "student", only)
    assert not page.pair_card.cut_offer.isVisible()
    exported = add_reader("exported", format="onnx", parameters=LARGE)
    page.open_with(exported.id)
    take(page, "student", large)
    assert not page.pair_card.cut_offer.isVisible(), "an exported model cannot be cut"


def test_a_model_that_was_cut_out_comes_as_the_student_of_the_one_it_was_cut_from(
    page: DistillPage, workspace: Workspace, add_reader: Add, add_data: Add
) -> None:
    large, data = add_reader("large", parameters=LARGE), add_data()
    add_data("more")
    told = {"model": large.id, "data": data.id, "keep_layers": 20}
    run = workspace.store.add_run("prune", "cut", told, [large.id, data.id])
    cut = add_reader("cut", run_id=run.id)
    page.open_with(cut.id)
    model = page.view_model
    assert (model.teacher.id, model.student.id, model.data.id) == (large.id, cut.id, data.id)
    workspace.store.remove_artifact(large.id)
    page.open_with(cut.id)
    assert model.teacher is None
    assert model.student.id == cut.id


def test_a_removed_student_is_no_longer_chosen(ready: DistillPage, workspace: Workspace) -> None:
    workspace.store.remove_artifact(ready.view_model.student.id)
    ready.view_model.refresh()
    assert ready.view_model.student is None
    assert ready.pair_card.isVisible()
    assert ready.pickers.student.nothing.isVisible()


def test_arrow_keys_choose_and_space_takes(page: DistillPage, pair: tuple[Artifact, Artifact]) -> None:
    first, second = (card.radio for card in page.pickers.teacher.cards._cards.values())
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Space)
    QTest.mouseClick(page.pickers.teacher.change_button, LEFT)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert page.view_model.teacher.name == "large"
    assert page.pickers.teacher.cards.isVisible()
    QTest.keyClick(second, Qt.Key.Key_Space)
    assert not page.pickers.teacher.cards.isVisible()


# --- preview, check, start ---


def test_the_preview_shows_what_the_student_and_its_teacher_need(ready: DistillPage) -> None:
    card = ready.preview_card
    assert card.bar.isVisible()
    assert card.facts.names == ["Time", "Of it, asking", "Disk", "Electricity"]
    assert "asked once" in card.note.text()
    before = ready.view_model.fit.forecast.need.memory.total
    assert not card.measure_button.isVisible(), "a dry run would measure a fine-tuning"
    type_into(ready, "on_policy", "0.5")
    after = ready.view_model.fit.forecast.need.memory
    assert after.total - before == pytest.approx(4 * LARGE, rel=0.01), "the teacher stays in memory"
    assert "teacher" in after.shown()


def test_the_result_can_be_named_in_the_last_step(ready: DistillPage, workspace: Workspace) -> None:
    QTest.mouseClick(ready.steps._group.button(3), LEFT)
    line = ready.check_card.name.line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "small")
    assert ready.preview_card.start_button.text() == "Choose a free name first"
    QTest.keyClicks(line, " and wise")
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    assert workspace.store.runs()[0].name == "small and wise"


def test_starting_anyway_asks_once_and_is_logged(
    ready: DistillPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_model, "free_memory_bytes", lambda: 1_500_000_000)
    ready.view_model.choose_divergence("reverse_kl")
    assert ready.preview_card.start_button.text() == "Start anyway"
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    dialog = ready.findChild(ConfirmDialog)
    assert not workspace.store.runs()
    QTest.mouseClick(dialog.act_button, LEFT)
    log = run_folder.replay(workspace.run_folder(workspace.store.runs()[0].id))
    assert [event.ev for event in log] == ["warning"]


def test_an_earlier_run_fills_everything(ready: DistillPage, workspace: Workspace, qtbot: QtBot) -> None:
    QTest.mouseClick(ready.method_card.divergences._cards["jensen_shannon"], LEFT)
    type_into(ready, "epochs", "7")
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    first = queued(workspace)
    run = workspace.store.runs()[0]
    QTest.mouseClick(ready.method_card.divergences._cards["forward_kl"], LEFT)
    QTest.mouseClick(ready.method_card.form.reset_button, LEFT)
    ready.open_with(repeat_of(workspace, run))
    assert ready.method_card.choosing.isVisible()
    assert ready.method_card.divergences.current == "jensen_shannon"
    assert ready.method_card.form.field("epochs").value() == 7.0
    assert ready.view_model.spec() == first


def test_long_names_and_every_step_fit_into_a_narrow_window(
    page: DistillPage, qtbot: QtBot, add_reader: Add, add_data: Add
) -> None:
    long = "W" * 90
    large = add_reader(f"{long}-large", "qrst", parameters=LARGE, licence="L" * 200)
    add_reader(f"{long}-small")
    third = add_reader(f"{long}-third")
    add_data()
    page.resize(891, 700)  # beside the sidebar of the smallest window
    page.open_with(None)
    qtbot.wait(50)
    assert page.pickers.teacher.cards.isVisible()
    for card in (page.pickers.teacher, page.pickers.student):
        assert card.minimumSizeHint().width() <= page.pickers.width()
    page.open_with(large.id)
    page.view_model.choose_student(third.id)
    QTest.mouseClick(page.more_teachers.add_button, LEFT)
    assert page.view_model.has_several
    qtbot.waitUntil(lambda: page.view_model.diagnosis is not None)
    for step in range(4):
        QTest.mouseClick(page.steps._group.button(step), LEFT)
        qtbot.wait(50)
        for area in page.findChildren(QScrollArea):
            if area.isVisible():
                assert area.widget().minimumSizeHint().width() <= area.viewport().width(), step


def test_one_of_two_stands_below_the_other_in_a_narrow_window(ready: DistillPage, qtbot: QtBot) -> None:
    teacher, student = ready.pickers.teacher, ready.pickers.student

    def beside() -> bool:
        return student.geometry().top() == teacher.geometry().top()

    qtbot.waitUntil(beside)
    ready.resize(860, 1400)
    qtbot.waitUntil(lambda: student.geometry().top() >= teacher.geometry().bottom())
    ready.resize(891, 700)  # beside the sidebar of the smallest window there is room for both
    qtbot.waitUntil(beside)
