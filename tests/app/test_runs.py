from __future__ import annotations

import time

import pytest
import recordings
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.background import Background
from app.context import Context
from app.main_window import MainWindow
from app.models.repeat import Repeat
from app.models.run_record import MEMORY, RunRecord
from app.models.run_table import STATE, RunTableModel
from app.pages.runs.page import RunsPage
from app.pages.runs.run_page import RunPage
from app.pages.runs.run_view_model import RunViewModel
from app.tokens import SPACE_XXL
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from core.jobs import run_folder
from core.jobs.events import Event, encode
from core.specs import DistillSpec
from core.workspace.workspace import Workspace


def _open(context: Context, qtbot: QtBot, run_id: str) -> RunPage:
    model = RunViewModel(context.bridge, Background())
    page = RunPage(model)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(model.added, timeout=5000):
        page.open_with(run_id)
    return page


def test_a_recording_gives_the_same_record_however_it_is_cut() -> None:
    events = recordings.finetune_events(90, 1000.0)
    whole, parts = RunRecord(), RunRecord()
    whole.take(events)
    for index in range(0, len(events), 7):
        parts.take(events[max(0, index - 3) : index + 7])  # overlapping, as replay and mailbox do
    assert whole.points == parts.points
    assert list(whole.log) == list(parts.log)


def test_a_resumed_run_replaces_repeated_steps_and_leaves_out_the_pause() -> None:
    record = RunRecord()
    record.take(recordings.finetune_events(50, 1000.0))
    number = len(recordings.finetune_events(50, 1000.0))
    record.take(
        [
            Event("metrics", number, 9000.0, {"step": 40, "values": {"loss": 9.0}}),
            Event("resources", number + 1, 9001.0, {"rss_bytes": 5}),
        ]
    )
    assert record.points["loss"][-1] == (40.0, 9.0)
    assert record.points["loss"][-2][0] == 39.0
    assert record.points[MEMORY][-1][0] < 60


def test_an_answer_is_right_whatever_its_case_and_spaces() -> None:
    record = RunRecord()
    record.take(recordings.finetune_events(120, 1000.0))
    assert [sample.is_right for sample in record.samples.values()] == [True, True, True, False]


def test_the_run_table_is_a_sound_model(context: Context, qtbot: QtBot) -> None:
    for index in range(3):
        recordings.add_finetune(context.workspace, f"run {index}", 5, "succeeded")
    model = RunTableModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.set_runs(context.workspace.store.runs())
    assert model.rowCount() == 3
    assert model.data(model.index(0, STATE)) == "✓ Finished"
    tester.deleteLater()


def test_a_changed_state_touches_one_row(context: Context, qtbot: QtBot) -> None:
    runs = [recordings.add_finetune(context.workspace, f"run {index}", 5) for index in range(3)]
    model = RunTableModel()
    model.set_runs(context.workspace.store.runs())
    context.workspace.store.set_state(runs[1].id, "succeeded")
    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.modelReset):
        model.set_runs(context.workspace.store.runs())
    assert changed.args[0].row() == changed.args[1].row() == 1


def test_a_run_is_replayed_from_its_log(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 174)
    page = _open(context, qtbot, run.id)
    assert len(page.charts.loss.points("loss")) == 174
    assert page.progress.step.text() == "Step 174 of 281"
    assert page.progress.pill.text() == "Training"
    assert page.stop_button.isVisible()
    assert not page.resume_button.isVisible()
    assert "checkpoint 168 verified" in page.log.text.toPlainText()


def test_events_that_arrive_during_the_replay_come_once(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 20)
    model = RunViewModel(context.bridge, Background())
    page = RunPage(model)
    qtbot.addWidget(page)
    page.show()
    events = recordings.finetune_events(25, time.time() - 25)
    with qtbot.waitSignal(model.added, timeout=5000):
        page.open_with(run.id)
        context.bridge.queue.mailbox.extend((run.id, event) for event in events[40:])
        context.bridge.drain()
    assert len(page.charts.loss.points("loss")) == 25


def test_a_finished_run_offers_the_next_step(window: MainWindow, context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 30, "succeeded")
    made = Event("artifact", 10_000, time.time(), {"id": "m1", "type": "model", "name": "Banking"})
    folder = context.workspace.run_folder(run.id)
    recordings.write_events(folder, [*recordings.finetune_events(30, time.time() - 30, "succeeded"), made])
    page = _open(context, qtbot, run.id)
    assert page.outcome.button.text() == "Quantize this model"
    with qtbot.waitSignal(page.page_requested) as asked:
        page.outcome.button.click()
    assert asked.args == ["quantize", "m1"]


def test_a_distilling_shows_its_loss_in_parts_and_its_agreement(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_distill(context.workspace, "Banking", 60)
    page = _open(context, qtbot, run.id)
    charts = page.charts
    for part in ("loss", "label_loss", "teacher_loss"):
        assert len(charts.loss.points(part)) == 60
        assert charts.loss._keys[part].isVisible()
    assert len(charts.loss.points("validation_teacher_loss")) == 2
    assert charts.agreement.isVisible()
    assert len(charts.agreement.points("validation_agreement")) == 2
    charts.agreement.refresh()
    assert charts.agreement.value.text().endswith(" %")
    assert 20 < charts.agreement.points("agreement").last < 100
    assert len(charts.agreement.points("validation_retention")) == 2
    assert not charts.inside.isVisible(), "nothing inside was matched"
    charts.add_points([("hidden_loss", 1, 0.4), ("attention_loss", 1, 0.1)])
    assert charts.inside.isVisible()
    assert len(charts.inside.points("hidden_loss")) == len(charts.inside.points("attention_loss")) == 1


def test_student_and_teacher_answer_side_by_side(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_distill(context.workspace, "Banking", 60)
    page = _open(context, qtbot, run.id)
    prompt = page.samples.prompts[0]
    said = [label.text() for label in prompt.findChildren(Label)]
    assert "Student" in said
    assert "Teacher" in said
    assert prompt.teacher is not None
    assert prompt.teacher.accessibleName().startswith("Teacher: ")
    assert prompt.teacher.text().endswith("✓")


def test_a_fine_tuning_names_no_teacher(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 60)
    page = _open(context, qtbot, run.id)
    charts = page.charts
    assert not charts.agreement.isVisible()
    assert not charts.loss._keys["teacher_loss"].isVisible()
    assert charts.loss._keys["validation_loss"].isVisible()


def test_a_finished_distilling_leads_to_three_pages(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_distill(context.workspace, "Banking", 30, "succeeded")
    made = Event("artifact", 10_000, time.time(), {"id": "m1", "type": "model", "name": "Banking"})
    folder = context.workspace.run_folder(run.id)
    recordings.write_events(folder, [*recordings.distill_events(30, time.time() - 30, "succeeded"), made])
    page = _open(context, qtbot, run.id)
    outcome = page.outcome
    led = []
    for button in (outcome.button, outcome.also_button, outcome.third_button):
        assert button.isVisible()
        with qtbot.waitSignal(page.page_requested) as asked:
            button.click()
        led.append((button.text(), *asked.args))
    assert led == [
        ("Quantize this model", "quantize", "m1"),
        ("Measure it against its teacher", "evaluate", "m1"),
        ("Chat with it", "deploy", "m1"),
    ]


def _far(context: Context, qtbot: QtBot, **result: object) -> RunPage:
    """The page of a finished distilling whose student is far from its teacher."""
    store = context.workspace.store
    for type, name in (("model", "m"), ("model", "t"), ("dataset", "d")):
        recordings.add_artifact(context.workspace, type, name)
    told = {"model": "model-m", "data": "dataset-d", "teachers": ["model-t"], "epochs": 3.0}
    said = {"teacher_agreement": 0.54, "teacher_retention": 0.61, **result}
    run = recordings.add_distill(context.workspace, "Banking", 30, "succeeded", told, said)
    made = Event("artifact", 10_000, time.time(), {"id": "m1", "type": "model", "name": "Banking"})
    folder = context.workspace.run_folder(store.run(run.id).id)
    recordings.write_events(folder, [*recordings.distill_events(30, time.time() - 30, "succeeded"), made])
    return _open(context, qtbot, run.id)


def test_a_student_far_from_its_teacher_is_not_called_ready(context: Context, qtbot: QtBot) -> None:
    page = _far(context, qtbot)
    outcome = page.outcome
    assert "still far from its teacher: the same at 54 %" in outcome.title_label.text()
    assert "61 % of what its teacher gets right" in outcome.note_label.text()
    assert "has not learnt your task here" in outcome.note_label.text()
    led = []
    for button in (outcome.button, outcome.also_button, outcome.third_button):
        with qtbot.waitSignal(page.page_requested) as asked:
            button.click()
        led.append((button.text(), *asked.args))
    assert led[1:] == [
        ("Fine-tune the teacher", "finetune", "model-t"),
        ("Quantize it all the same", "quantize", "m1"),
    ]
    text, target, again = led[0]
    assert (text, target) == ("Learn longer", "distill")
    assert isinstance(again, Repeat)
    assert isinstance(again.spec, DistillSpec)
    assert (again.spec.teachers, again.spec.epochs) == (("model-t",), 6.0)


def test_a_student_that_got_no_better_is_not_told_to_learn_longer(context: Context, qtbot: QtBot) -> None:
    page = _far(context, qtbot, ended_early=True)
    assert "more examples help most" in page.outcome.note_label.text()
    buttons = (page.outcome.button, page.outcome.also_button)
    assert [button.text() for button in buttons] == ["Fine-tune the teacher", "Get more examples"]


def test_a_refused_run_shows_no_empty_chart_and_does_not_offer_the_same_once_more(
    context: Context, qtbot: QtBot
) -> None:
    error = {
        "kind": "input",
        "code": "train.rows",
        "what": "No row can be learnt from.",
        "why": "",
        "fix": "",
    }
    run = recordings.add_finetune(context.workspace, "Banking", 0, "failed", error)
    page = _open(context, qtbot, run.id)
    assert page.error.isVisible()
    assert not page.charts.isVisible()
    assert not page.resume_button.isVisible()
    assert page.again_action.isVisible(), "a file may have been mended since"
    other = recordings.add_finetune(
        context.workspace, "Banking again", 30, "failed", {**error, "kind": "job"}
    )
    with qtbot.waitSignal(page._model.added, timeout=5000):
        page.open_with(other.id)
    assert page.charts.loss.isVisible()
    assert page.resume_button.isVisible()
    assert not page.again_action.isVisible()


def test_a_failed_run_says_why_and_can_go_on(context: Context, qtbot: QtBot) -> None:
    error = {"what": "The disk became full.", "why": "112 MB are free.", "fix": "Free some space."}
    run = recordings.add_finetune(context.workspace, "Banking", 30, "failed", error)
    page = _open(context, qtbot, run.id)
    assert page.error.isVisible()
    assert page.error.title_label.text() == "The disk became full."
    assert page.resume_button.text() == "Resume"
    page.resume_button.click()
    assert context.workspace.store.run(run.id).state == "queued"


def test_a_run_that_was_stopped_while_it_asked_says_what_is_kept(context: Context, qtbot: QtBot) -> None:
    store = context.workspace.store
    run = store.add_run("distill", "student", {}, [])
    store.set_state(run.id, "stopped", result={"answers_kept": 1280, "answers_wanted": 1500})
    page = _open(context, qtbot, run.id)
    assert page.stopped.isVisible()
    assert page.stopped.title_label.text() == "Answers of the teacher that are kept: 1,280 of 1,500"
    assert page.stopped.note_label.text() == "Resume asks only for what is missing."
    assert page.resume_button.text() == "Resume"
    assert page.resume_button.isVisible()
    assert not page.outcome.isVisible()


def test_a_run_that_was_stopped_says_where_a_resume_goes_on(context: Context, qtbot: QtBot) -> None:
    store = context.workspace.store
    run = store.add_run("quantize", "small", {}, [])
    folder = context.workspace.run_folder(run.id)
    folder.mkdir(parents=True)
    run_folder.mark_kept(folder, "layers", 12, 30)
    store.set_state(run.id, "stopped", error={"kind": "cancelled", "what": "It had nothing to keep."})
    page = _open(context, qtbot, run.id)
    assert page.progress.pill.text() == "Stopped"
    assert page.stopped.title_label.text() == "Goes on after layer 12 of 30"
    assert not page.error.isVisible(), "a person wished it"
    (folder / run_folder.KEPT).unlink()
    page.open_with(run.id)
    assert page.stopped.title_label.text() == "Begins anew: nothing had been kept yet"
    assert page.stopped.isVisible()


@pytest.mark.parametrize("last", ["", "saving"])
def test_a_run_that_was_ended_keeps_on_the_bar_where_it_was(
    context: Context, qtbot: QtBot, last: str
) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 140, "stopped")
    if last:  # a phase that nobody can count came after it
        log = context.workspace.run_folder(run.id) / "events.jsonl"
        seq = len(log.read_bytes().splitlines())
        with open(log, "a", encoding="utf-8") as file:
            file.write(encode(Event("phase", seq, time.time(), {"name": last, "total": None})) + "\n")
    context.workspace.store.set_state(run.id, "cancelled")
    page = _open(context, qtbot, run.id)
    assert page.progress.pill.text() == "Cancelled"
    assert page.progress.step.text() == "Step 140 of 281"
    assert page.progress.meter.value() == round(1000 * 140 / 281)


def test_enter_opens_the_chosen_run(window: MainWindow, context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking", 5, "succeeded")
    window.show_page("runs")
    page = window.current_page
    assert isinstance(page, RunsPage)
    page.table.selectRow(0)
    page.table.setCurrentIndex(page.table.model().index(0, 0))
    with qtbot.waitSignal(page.page_requested) as asked:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert asked.args == ["run", run.id]


def test_an_empty_workspace_teaches_what_runs_are(window: MainWindow, qtbot: QtBot) -> None:
    window.show_page("runs")
    page = window.current_page
    assert isinstance(page, RunsPage)
    assert page.empty.isVisible()
    assert not page.card.isVisible()


def test_a_removed_run_is_gone_with_its_report_and_its_model_stays(
    workspace: Workspace, context: Context, qtbot: QtBot
) -> None:
    run = recordings.add_finetune(workspace, "Banking", 5, "succeeded")
    artifact = recordings.add_artifact(workspace, "model", "Banking", run.id)
    report = recordings.add_artifact(workspace, "report", "Banking figures", run.id)
    page = _open(context, qtbot, run.id)
    with qtbot.waitSignal(page.page_requested) as asked:
        page._model.remove()
    assert asked.args[0] == "runs"
    assert not workspace.run_folder(run.id).exists()
    assert workspace.store.find_artifact(artifact.id) is not None
    assert workspace.store.find_artifact(report.id) is None
    assert not workspace.artifact_folder(report.id).exists()


def test_a_narrow_window_cuts_neither_the_name_nor_the_charts(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_finetune(context.workspace, "Banking questions, LoRA", 174)
    page = _open(context, qtbot, run.id)
    charts = page.charts
    for width, columns in ((1232, 2), (892, 1), (1232, 2)):
        page.resize(width, 700)
        qtbot.waitUntil(lambda: charts.geometry().right() <= page._body.viewport().width())
        qtbot.waitUntil(lambda count=columns: (charts.memory.y() == charts.loss.y()) == (count == 2))
        assert page.title_label.text() == "Banking questions, LoRA"
        buttons = [page.stop_button, page.cancel_button, page.more_button, page.all_button]
        assert all(button.width() >= button.sizeHint().width() for button in buttons)
        assert page.more_button.geometry().right() <= page.width()


def test_without_its_side_a_page_keeps_the_margin_of_the_others(qtbot: QtBot) -> None:
    page = PageFrame("Deploy")
    qtbot.addWidget(page)
    card = Card("Model")
    page.add(card)
    page.add_side(Card("Chat"))
    page.resize(1200, 700)
    page.show()
    page.show_side(False)
    qtbot.waitUntil(lambda: card.mapTo(page, card.rect().topRight()).x() == 1200 - SPACE_XXL - 1)


def test_a_teacher_at_work_shows_what_is_kept_and_what_it_costs(context: Context, qtbot: QtBot) -> None:
    run = recordings.add_generate(context.workspace, "Bank by large", 60, 100)
    page = _open(context, qtbot, run.id)
    card = page.generating
    qtbot.waitUntil(card.isVisible)
    qtbot.waitUntil(lambda: "Rows asked" in card.rows.names and len(card.rows.names) == 4)
    rows = {name: label.text() for name, label in card.rows._values.items()}
    assert rows["Rows asked"] == "60 of 100"
    assert rows["Dropped: declined to answer"] == "5"
    costs = {name: label.text() for name, label in card.costs._values.items()}
    assert costs["Cost by its prices"].endswith("of 1.00")
    assert card.meter.isVisible()
    assert page.samples.isHidden(), "its answers stand in the card"


def test_a_finished_generation_shows_what_all_filters_dropped(context: Context, qtbot: QtBot) -> None:
    result = {"asked": 60, "kept": 50, "dropped": {"near_duplicate": 10}, "tokens_in": 1, "tokens_out": 2}
    run = recordings.add_generate(context.workspace, "Bank by large", 60, 60, "succeeded", result)
    page = _open(context, qtbot, run.id)
    card = page.generating
    qtbot.waitUntil(lambda: "Dropped: nearly repeated an earlier row" in card.rows.names)
    assert card.rows._values["Answers kept"].text() == "50"
