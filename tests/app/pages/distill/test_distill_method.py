"""How the student learns, chosen by clicks in the distill wizard."""

from __future__ import annotations

from hands import LARGE, LEFT, Add, queued, type_into
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pages.distill.page import DistillPage
from core.specs import DistillSpec
from core.workspace.workspace import Workspace


def test_the_queued_spec_has_what_was_chosen(ready: DistillPage, workspace: Workspace, qtbot: QtBot) -> None:
    model = ready.view_model
    QTest.mouseClick(ready.method_card.methods._cards["lora"], LEFT)
    QTest.mouseClick(ready.method_card.divergences._cards["reverse_kl"], LEFT)
    type_into(ready, "epochs", "5")
    type_into(ready, "label_weight", "0.4")
    type_into(ready, "on_policy", "0.25")
    QTest.mouseClick(ready.method_card.form.advanced_button, LEFT)
    type_into(ready, "temperature", "1.5")
    type_into(ready, "batch_size", "8")
    assert "2 changed" in ready.method_card.form.advanced_button.text()
    with qtbot.waitSignal(ready.page_requested) as asked:
        QTest.mouseClick(ready.preview_card.start_button, LEFT)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    assert (run.kind, run.name) == ("distill", "Banking questions-student")
    spec = queued(workspace)
    assert spec.teachers == (model.teacher.id,)
    assert (spec.model, spec.data) == (model.student.id, model.data.id)
    assert (spec.method, spec.divergence) == ("lora", "reverse_kl")
    assert (spec.epochs, spec.label_weight, spec.on_policy) == (5.0, 0.4, 0.25)
    assert (spec.temperature, spec.batch_size) == (1.5, 8)


def test_without_any_choice_the_spec_says_what_the_command_says(
    ready: DistillPage, workspace: Workspace
) -> None:
    assert ready.view_model.command() == (
        "slm-workbench distill --teacher large --student small --data 'Banking questions' "
        "--name 'Banking questions-student'"
    )
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    spec, model = queued(workspace), ready.view_model
    assert spec == DistillSpec(teachers=(model.teacher.id,), model=model.student.id, data=model.data.id)


def test_the_command_says_every_choice(ready: DistillPage) -> None:
    QTest.mouseClick(ready.method_card.methods._cards["lora"], LEFT)
    QTest.mouseClick(ready.method_card.divergences._cards["jensen_shannon"], LEFT)
    type_into(ready, "epochs", "2")
    assert "--method lora --set divergence=jensen_shannon --set epochs=2.0" in ready.view_model.command()


def test_what_the_pair_does_not_allow_is_off_and_says_why(
    page: DistillPage, qtbot: QtBot, workspace: Workspace, add_reader: Add, add_data: Add
) -> None:
    large, small = add_reader("large", "abcdeqrstu", parameters=LARGE), add_reader("small")
    add_data()
    page.open_with(large.id)
    page.view_model.choose_student(small.id)
    qtbot.waitUntil(lambda: page.view_model.diagnosis is not None)
    page.method_card.form.set_values({"on_policy": 0.5})
    QTest.mouseClick(page.pair_card.continue_button, LEFT)
    cards = page.method_card.divergences._cards
    assert page.method_card.divergences.current == "universal"
    for key in ("forward_kl", "reverse_kl", "jensen_shannon"):
        assert not cards[key].radio.isEnabled()
        assert "only 50 %" in cards[key].radio.accessibleDescription()
    own = page.method_card.form.field("on_policy")
    assert not own.isEnabled()
    assert "other tokens" in own.help.text()
    QTest.mouseClick(page.preview_card.start_button, LEFT)
    assert (queued(workspace).divergence, queued(workspace).on_policy) == ("universal", 0.0)


def test_what_goes_on_inside_is_matched_where_the_two_allow_it(
    ready: DistillPage, qtbot: QtBot, workspace: Workspace, add_reader: Add
) -> None:
    QTest.mouseClick(ready.method_card.form.advanced_button, LEFT)
    type_into(ready, "hidden_weight", "0.5")
    type_into(ready, "attention_weight", "2")
    assert "learns, the teacher is in memory too" in ready.preview_card.note.text()
    wide = add_reader("wide", parameters=LARGE)
    config = workspace.artifact_folder(wide.id) / "config.json"
    config.write_text(config.read_text().replace("576", "960"))
    small = ready.view_model.student
    ready.open_with(wide.id)
    ready.view_model.choose_student(small.id)
    qtbot.waitUntil(lambda: bool(ready.view_model.obstacle("hidden_weight")))
    QTest.mouseClick(ready.pair_card.continue_button, LEFT)
    states, attention = (ready.method_card.form.field(f) for f in ("hidden_weight", "attention_weight"))
    assert not states.isEnabled()
    assert "960 numbers wide, the student's 576" in states.help.text()
    assert attention.isEnabled()
    QTest.mouseClick(ready.preview_card.start_button, LEFT)
    spec = queued(workspace)
    assert (spec.hidden_weight, spec.attention_weight) == (0.0, 2.0)


def test_an_exported_teacher_cannot_judge_own_answers(
    page: DistillPage, qtbot: QtBot, add_reader: Add, add_data: Add
) -> None:
    exported, _small = add_reader("exported", format="onnx", parameters=LARGE), add_reader("small")
    add_data()
    page.open_with(exported.id)
    qtbot.waitUntil(lambda: page.view_model.diagnosis is not None)
    QTest.mouseClick(page.pair_card.continue_button, LEFT)
    assert page.method_card.divergences._cards["forward_kl"].radio.isEnabled()
    own = page.method_card.form.field("on_policy")
    assert not own.isEnabled()
    assert "exported teacher" in own.help.text()


def test_what_does_not_go_with_a_teacher_is_not_offered(ready: DistillPage) -> None:
    form = ready.method_card.form
    assert form.field("temperature").control.accessibleName() == "Temperature"
    for name in ("loss", "label_smoothing", "focal_gamma", "teacher_weights"):
        assert name not in form._fields
    assert not form.field("lora_rank").isEnabled()
    QTest.mouseClick(ready.method_card.methods._cards["lora"], LEFT)
    assert form.field("lora_rank").isEnabled()
    assert not form.field("continue_adapter").isEnabled()


def test_nonsense_is_refused_where_it_stands(ready: DistillPage) -> None:
    type_into(ready, "label_weight", "3")
    assert ready.preview_card.start_button.text() == "Correct the fields first"
    assert ready.method_card.form.field("label_weight").error_label.text() == "At most 1"
    QTest.mouseClick(ready.method_card.form.reset_button, LEFT)
    assert ready.preview_card.start_button.isEnabled()
