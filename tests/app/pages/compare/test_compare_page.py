"""The compare page by clicks and keys, over reports that are read from a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from board_hands import LEFT, click, opened, rows_of, slide
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.models.item_table import ID_ROLE
from app.models.run_record import Made
from app.pages.compare.page import ComparePage
from app.pages.deploy.page import DeployPage
from app.pages.deploy.view_model import DeployViewModel
from app.pages.evaluate.page import EvaluatePage
from app.pages.evaluate.view_model import EvaluateViewModel
from app.pages.runs.next_step import next_step
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.boards import SEVEN, Sketch


def test_without_any_model_it_teaches_and_begins_with_the_starter(page: ComparePage, qtbot: QtBot) -> None:
    opened(page, qtbot)
    assert page.empty.isVisible()
    assert not page.verdict_card.isVisible()
    assert page.empty.action_button.text() == "Begin with the starter model"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.empty.action_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_with_models_and_no_figures_it_leads_to_measuring(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_models(workspace, SEVEN, boards.add_data(workspace))
    opened(page, qtbot)
    assert page.empty.action_button.text() == "Measure models"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.empty.action_button, LEFT)
    assert asked.args == ["evaluate", None]


def test_where_every_report_is_damaged_no_limit_is_blamed(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    damaged = boards.add_report(workspace, SEVEN, models, data, range(30))
    with open(workspace.artifact_folder(damaged.id) / "answers.jsonl", "a") as file:
        file.write("{}\n")
    opened(page, qtbot)
    assert page.verdict_card.title_label.text() == "Nothing here can be compared yet."
    assert "limit" not in page.verdict_card.note_label.text()


def test_limits_by_slider_and_key_leave_what_qualifies(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    assert page.subtitle_label.text() == "7 variants on the same 300 test rows of “Banking questions”."
    assert page.verdict_card.title_label.text() == "Take “Tuned, int4-mixed”."
    assert page.table_card.table is not None
    model = page.table_card.table.model()
    assert model.headerData(2, Qt.Orientation.Horizontal) == "Median time"
    row = rows_of(page)
    assert model.index(row["Tuned, int4-mixed"], 0).data() == "★ Tuned, int4-mixed"
    best = model.index(row["Teacher"], 1)
    assert best.data() == "81.3 (76.5–85.3)"
    assert best.data(Qt.ItemDataRole.ToolTipRole) == "81.3 (76.5–85.3), the best"

    time = page.limits_card.sliders["time"]
    assert time.value.text() == "no limit"
    slide(page, "time", 80)
    assert time.value.text() == "80 ms"
    assert time.slider.accessibleName() == "Answers within: 80 ms"
    assert page.verdict_card.title_label.text() == "Take “Distilled, int4-mixed”."
    said = model.index(row["Tuned, int4-mixed"], 0).data(Qt.ItemDataRole.ToolTipRole)
    assert said == "Tuned, int4-mixed, misses your limit: time"

    time.slider.setFocus()
    QTest.keyClick(time.slider, Qt.Key.Key_End)
    assert time.value.text() == "no limit"
    assert page.verdict_card.title_label.text() == "Take “Tuned, int4-mixed”."

    slide(page, "time", 70)
    assert page.limits_card.said() == "Limits: Answers within: 70 ms"
    slide(page, "right", 0.81)
    assert page.verdict_card.title_label.text() == "No variant keeps all your limits."
    assert not page.verdict_card.deploy_button.isVisible()


def test_rows_that_a_teacher_answered_are_nowhere_called_right(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    data = boards.add_data(workspace)
    weak = [replace(SEVEN[0], share=0.25), replace(SEVEN[1], share=0.1)]
    models = boards.add_models(workspace, weak, data)
    boards.add_report(workspace, weak, models, data, range(100), answers_by="big")
    opened(page, qtbot)
    card = page.verdict_card
    assert card.title_label.text() == "“Teacher” is hardly useful: it agrees with big in 25 %."
    assert card.note_label.text().startswith("It differs from the teacher more often than it agrees. ")
    assert page.table_card.table is not None
    shown = page.table_card.table.model()
    horizontal = Qt.Orientation.Horizontal
    assert shown.headerData(1, horizontal, Qt.ItemDataRole.DisplayRole) == "Agrees, %"
    assert page.limits_card._label("right") == "Agrees at least"
    assert page.rows_card.list is not None
    rows = page.rows_card.list.model()
    heads = [rows.headerData(at, horizontal, Qt.ItemDataRole.DisplayRole) for at in range(3)]
    assert heads == ["Question", "Teacher's answer", "Agree"]


def test_one_variant_alone_is_not_called_variants(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace, SEVEN[:1])
    opened(page, qtbot)
    assert page.subtitle_label.text() == "A single variant on 300 test rows of “Banking questions”."


def test_a_click_in_the_table_marks_the_point_and_a_click_on_a_point_the_row(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    click(page, "Tuned, int8")
    assert page.view_model.chosen is not None
    assert page.verdict_card.title_label.text() == "“Tuned, int8”"
    assert page.picture_card.plot is not None
    assert page.picture_card.plot.said.full_text == "Tuned, int8: 80.3 · 132 ms"

    plot = page.picture_card.plot
    assert plot is not None
    target = next(point.id for point in plot._points if point.name == "Tuned, int4")
    place = plot.canvas.mapFromScene(plot.place_of(target))
    QTest.mouseClick(plot.canvas.viewport(), LEFT, pos=place)
    assert page.view_model.chosen.name == "Tuned, int4"
    assert page.table_card.table is not None
    assert page.table_card.table.currentIndex().data(ID_ROLE) == target
    assert "beyond chance" in page.verdict_card.note_label.text()

    QTest.mouseClick(page.verdict_card.back_button, LEFT)
    assert page.view_model.chosen is None
    assert page.verdict_card.title_label.text() == "Take “Tuned, int4-mixed”."


def test_deploy_leads_to_the_chat_with_that_model(
    page: ComparePage, qtbot: QtBot, workspace: Workspace, bridge: JobBridge
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.verdict_card.deploy_button, LEFT)
    key, argument = asked.args
    assert key == "deploy"
    deploy = DeployPage(DeployViewModel(bridge))
    qtbot.addWidget(deploy)
    deploy.view_model.refresh()
    item = next(item for item in deploy.view_model.models if item.id == argument)
    assert item.name == "Tuned, int4-mixed"


def test_what_was_never_measured_is_named_and_leads_to_the_evaluate_page(
    page: ComparePage, qtbot: QtBot, workspace: Workspace, bridge: JobBridge
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN[:4], models, data, range(60))
    opened(page, qtbot)
    said = "Not measured on these rows yet: Tuned, int4-mixed, Distilled, int4-mixed, Tuned, int4. "
    assert page.missing.text().startswith(f"{said}To measure: 3 models × 300 rows, about ")
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.measure_button, LEFT)
    key, argument = asked.args
    assert key == "evaluate"
    evaluate = EvaluatePage(EvaluateViewModel(bridge))
    qtbot.addWidget(evaluate)
    evaluate.show()
    evaluate.open_with(argument)
    names = [item.name for item in evaluate.view_model.chosen]
    assert names == [sketch.name for sketch in SEVEN[4:]]
    assert evaluate.view_model.data is not None
    assert evaluate.view_model.data.id == data.id
    assert evaluate.check_card.isVisible()


def test_rows_of_which_only_some_were_answered_are_told(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:3], data)
    boards.add_report(workspace, SEVEN[:3], models, data, range(100))
    boards.add_report(workspace, SEVEN[:1], models, data, range(40))
    opened(page, qtbot)
    assert page.notes_card.isVisible()
    assert "Teacher: 40, Tuned: 100" in page.notes.text()
    assert page.subtitle_label.text().endswith("see the notes below.")


def test_rows_where_they_disagree_show_each_answer(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    assert "First come those that “Tuned, int4-mixed” got wrong." in page.rows_card.note_label.text()
    slide(page, "time", 80)
    qtbot.waitUntil(lambda: not page.view_model.is_busy, timeout=30000)
    assert "First come those that “Distilled, int4-mixed” got wrong." in page.rows_card.note_label.text()
    rows = page.rows_card.list
    assert rows is not None
    QTest.mouseClick(rows.viewport(), LEFT, pos=QPoint(40, 20))
    texts = [label.text() for label in page.rows_card.answers.findChildren(type(page.notes))]
    assert "Distilled, int4-mixed" in texts
    assert sum(text.endswith("✓") for text in texts) + sum(text.endswith("✗") for text in texts) == 7


def test_other_axes_draw_another_frontier(page: ComparePage, qtbot: QtBot, workspace: Workspace) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    box = page.picture_card.x_box
    place = box.findData("disk")
    box.setCurrentIndex(place)
    box.activated.emit(place)
    plot = page.picture_card.plot
    assert plot is not None
    best = {point.name for point in plot._points if point.on_frontier}
    assert best == {"Distilled, int4-mixed", "Tuned, int4-mixed", "Tuned, int8", "Teacher"}
    assert plot.said.full_text


def test_a_shaded_area_says_on_which_side_of_its_limit_it_lies(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    plot = page.picture_card.plot
    assert plot is not None
    slow, wrong = plot._limits.words
    slide(page, "right", 0.78)
    assert not slow.isVisible()
    assert wrong.isVisible()
    assert wrong.toPlainText() == "below your limit"
    line = plot._limits.lines[1].sceneBoundingRect().center().y()
    assert wrong.sceneBoundingRect().top() >= line - 1, "it stands in the area, which is below the line"
    slide(page, "time", 300)
    assert slow.toPlainText() == "over your limit"
    assert slow.sceneBoundingRect().left() >= plot._limits.lines[0].sceneBoundingRect().center().x() - 1
    assert not slow.sceneBoundingRect().intersects(wrong.sceneBoundingRect())


def test_names_in_the_picture_never_cover_each_other(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace, boards.many(20), rows=60)
    opened(page, qtbot)
    qtbot.wait(50)
    assert page.picture_card.plot is not None
    boxes = page.picture_card.plot.name_boxes()
    assert len(boxes) >= 8
    shrunk = [box.adjusted(6, 4, -6, -4) for box in boxes]  # a text item's own margin around its letters
    for place, box in enumerate(shrunk):
        assert not any(box.intersects(other) for other in shrunk[place + 1 :])


def test_the_page_the_table_and_the_picture_are_written(
    page: ComparePage, qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    boards.add_lineage(workspace, rows=60)
    opened(page, qtbot)
    for ending in ("html", "csv", "png"):
        path = tmp_path / f"board.{ending}"
        with qtbot.waitSignal(page.notice_raised, timeout=60000) as raised:
            page.export_button.file_chosen.emit(str(path))
        assert raised.args == [f"Wrote {path}.", "good"]
        assert path.stat().st_size > 500
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")
    plot = page.picture_card.plot
    assert plot is not None
    drawn, bare = QImage(str(tmp_path / "board.png")), plot.image(QSize(1600, 1000))
    assert drawn.width() == bare.width()
    assert drawn.height() > bare.height(), "what is said of it stands above"
    with qtbot.waitSignal(page.notice_raised, timeout=60000) as raised:
        page.export_button.file_chosen.emit("/proc/none/board.csv")
    assert raised.args[1] == "bad"


def test_the_export_menu_asks_for_a_file(page: ComparePage, qtbot: QtBot, workspace: Workspace) -> None:
    boards.add_lineage(workspace, rows=20)
    opened(page, qtbot)
    page.export_button.table_action.trigger()
    dialog = page.export_button.dialog
    assert dialog is not None
    assert dialog.defaultSuffix() == "csv"
    assert dialog.selectedFiles()[0].endswith("Banking questions-comparison.csv")
    dialog.reject()


def test_a_new_evaluation_is_seen_without_asking(
    page: ComparePage, qtbot: QtBot, workspace: Workspace, bridge: JobBridge
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN[:3], models, data, range(30))
    opened(page, qtbot)
    slide(page, "time", 600)
    boards.add_report(workspace, SEVEN[3:], models, data, range(30))
    bridge.library_changed.emit()
    qtbot.waitUntil(lambda: len(rows_of(page)) == 7, timeout=30000)
    assert page.view_model.limits.time_ms == 600, "limits stay"


def test_several_lineages_can_be_chosen(page: ComparePage, qtbot: QtBot, workspace: Workspace) -> None:
    other = (
        Sketch("Other base", 0.3, 500, 5e8, 1e9),
        Sketch("Other", 0.7, 9, 5e8, 1e9, "finetune", "Other base"),
    )
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN + other, data)
    boards.add_report(workspace, SEVEN + other, models, data, range(40))
    opened(page, qtbot)
    box = page.subject_box
    assert [box.itemText(place).rpartition(" · ")[2] for place in range(box.count())] == [
        "all models", "Teacher", "Other base",
    ]  # fmt: skip
    box.activated.emit(2)
    qtbot.waitUntil(lambda: set(rows_of(page)) == {"Other base", "Other"}, timeout=30000)
    opened(page, qtbot, models["Tuned"].id)
    assert page.view_model.chosen is not None
    assert page.view_model.chosen.name == "Tuned"


def test_the_next_step_of_an_evaluation_opens_its_board(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    older = boards.add_report(workspace, SEVEN[:4], models, data, range(40), split="validation")
    boards.add_report(workspace, SEVEN, models, data, range(40))
    step = next_step("evaluate", Made(older.id, "report", older.name))
    assert step is not None
    assert step.page == "compare"
    opened(page, qtbot, step.argument)
    assert page.subtitle_label.text() == "4 variants on the same 40 validation rows of “Banking questions”."


def test_the_chat_with_two_begins_with_the_recommended_one_and_the_best(
    page: ComparePage, qtbot: QtBot, workspace: Workspace
) -> None:
    boards.add_lineage(workspace)
    opened(page, qtbot)
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.chat_button, LEFT)
    key, (one, other) = asked.args
    assert key == "blind_chat"
    made = page.view_model.board
    assert made is not None
    assert [made.variant(item).name for item in (one, other)] == ["Tuned, int4-mixed", "Teacher"]  # type: ignore[union-attr]
