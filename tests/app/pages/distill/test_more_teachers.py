"""Several teachers on the distill page, by clicks."""

from __future__ import annotations

import pytest
from hands import LARGE, LEFT, Add, queued, said, take, type_into
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.models.repeat import repeat_of
from app.pages.distill.page import DistillPage
from core.specs import DistillSpec
from core.workspace.workspace import Workspace


@pytest.fixture
def three(ready: DistillPage, qtbot: QtBot, add_reader: Add) -> DistillPage:
    """The page in its first step: large teaches small, and there are two more that could."""
    add_reader("second", parameters=LARGE, licence="gemma")
    add_reader("third", "qrstuvwxyz", parameters=LARGE)
    ready.open_with(None)
    QTest.mouseClick(ready.pickers.student.change_button, LEFT)
    QTest.mouseClick(ready.pickers.student.cards._cards[ready.view_model.student.id], LEFT)
    return ready


def add(page: DistillPage, qtbot: QtBot, name: str) -> None:
    """One more teacher, chosen by its name."""
    QTest.mouseClick(page.more_teachers.add_button, LEFT)
    picker = page.more_teachers.rows[-1].picker
    picker.setFocus()
    QTest.keyClicks(picker, name[0])
    assert picker.currentText() == name
    picker.activated.emit(picker.currentIndex())
    qtbot.waitUntil(lambda: len(page.view_model.doctor.each) == len(page.view_model.all_teachers))


def shown(page: DistillPage) -> list[str]:
    return [row.share.text() for row in page.more_teachers.rows]


def test_another_teacher_is_added_weighed_and_queued(
    three: DistillPage, qtbot: QtBot, workspace: Workspace
) -> None:
    model, more = three.view_model, three.more_teachers
    assert more.add_button.isVisible()
    assert not more.card.isVisible(), "one teacher needs no weight"
    add(three, qtbot, "second")
    assert shown(three) == ["50 %", "50 %"]
    for _ in range(5):
        QTest.keyClick(more.rows[1].slider, Qt.Key.Key_Left)
    assert shown(three) == ["67 %", "33 %"]
    QTest.mouseClick(three.pair_card.continue_button, LEFT)
    assert "and 1 more" in three.pickers.teacher.note_label.text()
    qtbot.waitUntil(lambda: "Each teacher is asked" in three.preview_card.note.text(), timeout=10_000)
    assert "--teacher large --teacher second" in model.command()
    assert "teacher_weights=[1.0, 0.5]" in model.command()
    QTest.mouseClick(three.preview_card.start_button, LEFT)
    spec = queued(workspace)
    assert spec.teachers == (model.teacher.id, model.more[0].id)
    assert spec.teacher_weights == (1.0, 0.5)


def test_the_doctor_looks_at_each_and_the_strictest_decides(three: DistillPage, qtbot: QtBot) -> None:
    add(three, qtbot, "third")
    labels = [label.text() for label in three.pair_card.findChildren(QLabel)]
    assert labels.index("large") < labels.index("third")
    assert "Different tokenizers" in said(three)
    assert three.view_model.divergence == "universal"
    assert not three.method_card.divergences._cards["forward_kl"].radio.isEnabled()
    QTest.mouseClick(three.more_teachers.rows[1].remove_button, LEFT)
    qtbot.waitUntil(lambda: three.view_model.diagnosis is not None)
    assert three.view_model.divergence == "forward_kl"
    assert not three.more_teachers.card.isVisible()
    assert not three.view_model.command().count("teacher_weights")


def test_what_needs_a_live_teacher_is_off_with_several(
    three: DistillPage, qtbot: QtBot, workspace: Workspace
) -> None:
    QTest.mouseClick(three.pair_card.continue_button, LEFT)
    type_into(three, "on_policy", "0.5")
    QTest.mouseClick(three.pickers.teacher.change_button, LEFT)
    add(three, qtbot, "second")
    QTest.mouseClick(three.pair_card.continue_button, LEFT)
    for name in ("on_policy", "hidden_weight", "attention_weight"):
        field = three.method_card.form.field(name)
        assert not field.isEnabled()
        assert "one teacher only" in field.help.text()
    QTest.mouseClick(three.preview_card.start_button, LEFT)
    spec = queued(workspace)
    assert (len(spec.teachers), spec.teacher_weights, spec.on_policy) == (2, (), 0.0)


def test_nobody_teaches_twice_or_teaches_itself(three: DistillPage, qtbot: QtBot) -> None:
    model, more = three.view_model, three.more_teachers
    add(three, qtbot, "second")
    assert {item.name for item in model.students} == {"small", "third"}
    add(three, qtbot, "third")
    assert not more.add_button.isVisible(), "nobody is left"
    assert shown(three) == ["33 %"] * 3
    take(three, "teacher", model.more[0])
    assert [item.name for item in model.all_teachers] == ["second", "third"]
    assert {item.name for item in model.free_teachers} == {"large"}


def test_a_removed_model_teaches_no_more(three: DistillPage, qtbot: QtBot, workspace: Workspace) -> None:
    add(three, qtbot, "second")
    workspace.store.remove_artifact(three.view_model.more[0].id)
    three.view_model.refresh()
    assert not three.view_model.more
    assert not three.more_teachers.card.isVisible()


def test_a_run_with_two_teachers_fills_the_page(
    three: DistillPage, qtbot: QtBot, workspace: Workspace
) -> None:
    model = three.view_model
    told = DistillSpec(
        model=model.student.id,
        data=model.data.id,
        teachers=(model.teacher.id, model.free_teachers[0].id),
        teacher_weights=(3.0, 1.0),
    )
    run = workspace.store.add_run("distill", "taught", told.model_dump(mode="json"), told.inputs())
    three.open_with(repeat_of(workspace, run))
    assert model.spec() == told
    QTest.mouseClick(three.pickers.teacher.change_button, LEFT)
    assert shown(three) == ["75 %", "25 %"]
