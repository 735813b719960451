"""The evaluate wizard, by clicks, and what a finished evaluation shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.models.run_record import Made
from app.pages.evaluate.page import EvaluatePage
from app.pages.evaluate.view_model import EvaluateViewModel
from app.pages.generate.dialogs import SendDialog
from app.pages.runs.confusion_panel import ConfusionPanel
from app.pages.runs.evaluation_card import EvaluationCard
from app.pages.runs.next_step import next_step
from app.pages.runs.times_panel import TimesPanel
from core.models.report import EvaluationReport
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> Iterator[EvaluatePage]:
    page = EvaluatePage(EvaluateViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 900)
    page.show()
    yield page
    page.view_model.close()


def test_without_a_model_it_says_so(page: EvaluatePage, qtbot: QtBot) -> None:
    assert page.preview_card.start_button.text() == "Choose a model first"
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.models_card.add_button, LEFT)
    assert asked.args == ["models", "starter"]


def test_from_ticks_to_a_queued_run(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace, qtbot: QtBot
) -> None:
    base, other, data = add_model("base"), add_model("other"), add_data()
    page.open_with(None)
    for item in (other, base):
        box = page.models_card.boxes[item.id]
        QTest.mouseClick(box, LEFT, pos=box.rect().center())
        if not box.isChecked():
            box.click()
    QTest.mouseClick(page.steps._group.button(2), LEFT)
    assert page.check_card.isVisible()
    assert page.name.line.text() == "Banking questions-evaluation"
    page.general_box.click()
    assert "general" not in page.view_model.command()
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    run = workspace.store.runs()[0]
    assert asked.args == ["run", run.id]
    assert run.spec["models"] == [base.id, other.id]
    assert (run.spec["data"], run.spec["general"]) == (data.id, False)


def test_a_tuned_model_is_measured_beside_its_base_on_its_data(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace
) -> None:
    base, data = add_model("base"), add_data()
    add_data("other data")
    run = workspace.store.add_run("finetune", "tuned", {"model": base.id, "data": data.id}, [])
    tuned = add_model("tuned", run_id=run.id, format="adapter", base=base.id)
    step = next_step("finetune", Made(tuned.id, "model", "tuned"))
    assert step is not None
    assert step.also is not None
    assert (step.also.page, step.also.action) == ("evaluate", "Measure what was gained")

    page.open_with(step.also.argument)

    assert page.check_card.isVisible()
    assert page.view_model.command() == (
        "slm-workbench evaluate base tuned --data 'Banking questions' --set general=true "
        "--name 'Banking questions-evaluation'"
    )


def test_a_distilled_model_is_measured_beside_its_teacher(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace
) -> None:
    teacher, student, data = add_model("teacher"), add_model("student"), add_data()
    add_data("other data")
    told = {"model": student.id, "teachers": [teacher.id], "data": data.id}
    run = workspace.store.add_run("distill", "taught", told, [])
    taught = add_model("taught", run_id=run.id)
    page.open_with(taught.id)
    assert page.check_card.isVisible()
    assert [item.name for item in page.view_model.chosen] == ["teacher", "taught"]
    assert page.view_model.data is not None
    assert page.view_model.data.id == data.id


def test_a_quantized_model_finds_the_data_further_back(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace
) -> None:
    base, data = add_model("base"), add_data()
    tuning = workspace.store.add_run("finetune", "tuned", {"model": base.id, "data": data.id}, [])
    tuned = add_model("tuned", run_id=tuning.id)
    shrinking = workspace.store.add_run("quantize", "small", {"model": tuned.id}, [])
    small = add_model("small", run_id=shrinking.id, format="onnx")
    page.open_with(small.id)
    assert [item.name for item in page.view_model.chosen] == ["tuned", "small"]
    assert page.view_model.data is not None
    assert page.view_model.data.id == data.id


def test_the_preview_says_how_long_it_takes_once_something_like_it_was_measured(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace
) -> None:
    base, data = add_model("base"), add_data()
    page.open_with(base.id)
    page.view_model.choose_data(data.id)
    assert "Time" not in page.preview_card.facts.names
    assert "How long it takes shows after the first rows." in page.preview_card.note.text()

    run = workspace.store.add_run("evaluate", "before", {"models": [base.id], "data": data.id}, [])
    figures = model_row("base", 0.5, 20.0) | {"id": base.id, "seconds": 3880.0}
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result={**REPORT, "models": [figures]})
    page.open_with(base.id)

    rows = page.view_model.rows
    expected = 3880.0 / 388 * (rows + 2 * rows + 88)
    assert page.view_model.seconds == pytest.approx(expected)
    assert page.preview_card.facts._values["Time"].text().startswith("about ")
    assert "The time is that of earlier evaluations here." in page.preview_card.note.text()


def model_row(name: str, accuracy: float, perplexity: float) -> dict:
    return {
        "model": name, "id": name, "kind": "hf", "bytes_on_disk": 270_000_000, "seconds": 60.0,
        "latency_ms": {"ttft_p50": 80, "ttft_p95": 90, "total_p50": 240, "total_p95": 300},
        "quality": {
            "measure": "accuracy", "accuracy": accuracy, "n": 300, "ci95": [accuracy - 0.04, accuracy + 0.04],
        },
        "general": {
            "questions": 80, "log_probability": -2.0, "log_probability_ci95": [-2.2, -1.8], "accuracy": 0.4,
            "accuracy_ci95": [0.3, 0.5], "chance": 0.43, "perplexity": perplexity,
            "perplexity_ci95": [perplexity - 1, perplexity + 1], "tokens": 2000,
        },
    }  # fmt: skip


REPORT = {
    "machine": {"system": "Linux", "processor": "p", "cores": 2, "threads": 2, "memory_bytes": 8},
    "versions": {}, "data": "Banking questions", "split": "test", "task": "classification", "rows": 300,
    "max_new_tokens": 16, "batch_size": 16, "complete": True,
    "models": [model_row("base", 0.05, 21.3), model_row("tuned", 0.81, 24.3)],
    "comparisons": [{
        "reference": "base", "model": "tuned", "measure": "accuracy", "rows": 300,
        "task": {"value": 0.76, "ci95": [0.71, 0.81]}, "task_p_value": 1e-9,
        "general_perplexity": {"value": 0.14, "ci95": [0.09, 0.19]},
        "general_log_probability": {"value": 0.1, "ci95": [-0.1, 0.3]},
    }],
    "worst": [{"row": 3, "prompt": "<b>Where</b> is my card?", "expected": "card arrival",
               "answers": {"base": "Hello", "tuned": "lost card"}}],
}  # fmt: skip


def test_a_finished_evaluation_shows_verdict_table_and_worst_rows(qtbot: QtBot) -> None:
    card = EvaluationCard()
    qtbot.addWidget(card)
    card.show_result({"seconds": 3})
    assert card.isHidden()

    card.show_result(REPORT)

    assert card.title_label.text() == (
        "tuned: better on your task by 76.0 points [71.0 to 81.0] than base, on 300 rows"
    )
    assert card.note_label.text() == (
        "Worse in general by 14 % [9 to 19], measured as perplexity of plain text. "
        "Right answers to general questions: no clear difference."
    )
    texts = [label.text() for label in card.findChildren(QLabel)]
    for text in ("Right, %", "81.0  [77.0\u00a0–\u00a085.0]", "240 ms", "<b>Where</b> is my card?"):
        assert text in texts
    assert "lost card  instead of  card arrival" in texts
    card.show_result(REPORT)
    card.show_result({})
    assert card.isHidden()


def timed(name: str, accuracy: float) -> dict:
    """A row of a report that says everything."""
    row = model_row(name, accuracy, 20.0)
    lengths = [("short", 41, 44), ("medium", 45, 52), ("long", 53, 97)]
    row["timing"] = {
        "prompts": 20, "repeats": 2, "warm_up": 1, "spread": 0.021, "answers_an_hour": 14_321.4,
        "by_length": [
            {
                "length": length, "prompts": 7, "tokens_least": least, "tokens_most": most, "ttft_p50": most,
                "ttft_p95": most, "total_p50": 2 * most, "total_p95": 2 * most,
            }
            for length, least, most in lengths
        ],
        "energy": {"joules_an_answer": 7.2, "is_measured": False, "watts_a_core": 8, "watts_rest": 15},
        "ceilings": {"read_gb_s": 21.3, "gflops": 155.2},
        "weight_bytes_a_token": 134_000_000, "bandwidth_share": 0.71,
    }  # fmt: skip
    row["quality"] |= {
        "unknown_answers": 2,
        "labels": [
            {"label": "card_arrival", "precision": 0.5, "recall": 0.25, "f1": 0.33, "rows": 12},
            {"label": "card_delivery_estimate", "precision": 1, "recall": 1, "f1": 1, "rows": 9},
        ],
        "confusion": [
            {"expected": "card_arrival", "said": "card_arrival", "rows": 3},
            {"expected": "card_arrival", "said": "card_delivery_estimate", "rows": 7},
            {"expected": "card_arrival", "said": "", "rows": 2},
            {"expected": "card_delivery_estimate", "said": "card_delivery_estimate", "rows": 9},
        ],
    }
    return row


def test_passes_that_differed_a_lot_stand_beside_the_median(qtbot: QtBot) -> None:
    card = EvaluationCard()
    qtbot.addWidget(card)
    uneven = timed("tuned", 0.81)
    uneven["timing"] |= {"spread": 0.44}
    card.show_report(EvaluationReport.model_validate({**REPORT, "models": [timed("base", 0.05), uneven]}))
    texts = [label.text() for label in card.findChildren(QLabel)]
    assert "An answer takes (median)" in texts
    assert "240 ms" in texts
    assert "240\u00a0ms (passes 44\u00a0% apart)" in texts
    assert "14,321 (251\u00a0ms\u00a0each)" in texts


def test_confusions_and_times_stand_behind_links(qtbot: QtBot) -> None:
    card = EvaluationCard()
    qtbot.addWidget(card)
    card.show_report(
        EvaluationReport.model_validate({**REPORT, "models": [timed("base", 0.05), timed("tuned", 0.81)]})
    )
    card.resize(900, 900)
    card.show()
    panel, times = card.findChild(ConfusionPanel), card.findChild(TimesPanel)
    assert panel is not None
    assert times is not None
    assert panel.words.text() == (
        "tuned: card_arrival was taken for card_delivery_estimate 7×; no label of the data was answered 2×."
    )
    assert not panel.map.isVisible()

    QTest.mouseClick(panel.link, LEFT)
    QTest.mouseClick(times.link, LEFT)

    assert panel.map.isVisible()
    assert panel.link.text() == "Hide which were confused"
    assert "card_arrival was answered with card_delivery_estimate: 7" in panel.map.accessibleDescription()
    QTest.mouseMove(panel.map, panel.map.place_of(1, 0).toPoint())
    assert panel.said.text() == "card_arrival was answered with card_delivery_estimate: 7"
    QTest.mouseMove(panel.map, QPoint(2, 2))
    assert panel.said.text().startswith("Point at a square")
    panel.choice.setCurrentIndex(0)
    assert panel.words.text().startswith("base: ")
    texts = [label.text() for label in times.findChildren(QLabel)]
    for text in (
        "14,321 (251\u00a0ms\u00a0each)",
        "about 2 Wh",
        "71 %",
        "Long: 53 to 97 tokens",
        "194 ms (97 ms)",
    ):
        assert text in texts
    said = times.notes.text()
    assert "20 prompts, each answered alone 2×, after 1 to warm up; the passes differ by up to 2.1 %." in said
    assert "8 W for each busy core" in said
    assert "21.3 GB a second" in said


def test_marks_and_harness_tasks_are_shown_where_there_are_any(qtbot: QtBot) -> None:
    model = model_row("base", 0.05, 20.0)
    model["quality"] |= {"judge_score": 3.25, "judge_ci95": [2.9, 3.7], "judge_rows": 40, "judge_unread": 1}
    model["harness"] = [{"task": "mine", "metric": "acc", "value": 0.375, "rows": 8}]
    judge = {
        "name": "large", "host": "api.example.com", "rubric": "", "tokens_in": 1, "tokens_out": 1, "cost": 0,
    }  # fmt: skip
    card = EvaluationCard()
    qtbot.addWidget(card)
    card.show_report(EvaluationReport.model_validate({**REPORT, "models": [model], "judge": judge}))
    texts = [label.text() for label in card.findChildren(QLabel)]
    assert "3.2 ±\u00a00.4" in texts
    said = "Rated by large at api.example.com on 40 rows. Replies without a mark, which count nowhere: 1."
    assert said in texts
    assert ("mine acc" in texts, "0.375" in texts) == (True, True)


def test_a_judge_of_ones_own_needs_no_yes(
    page: EvaluatePage, add_model: Add, add_data: Add, workspace: Workspace, qtbot: QtBot
) -> None:
    base, judge = add_model("base"), add_model("judge")
    add_data()
    page.open_with(base.id)
    assert page.judge.list.itemText(0) == "Nobody"
    page.judge.list.setCurrentIndex(page.judge.list.findData(judge.id))
    assert "--set judge=judge" in page.view_model.command()
    page.form.show_advanced(True)
    assert page.form.field("repeats").isVisible()
    page.form.set_values({"rubric": "Is it polite?", "repeats": 3})
    with qtbot.waitSignal(page.page_requested):
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    spec = workspace.store.runs()[0].spec
    assert (spec["judge"], spec["rubric"], spec["repeats"]) == (judge.id, "Is it polite?", 3)


def test_nothing_goes_to_a_judge_at_an_endpoint_without_a_yes(
    page: EvaluatePage,
    add_model: Add,
    add_endpoint: Add,
    add_data: Add,
    workspace: Workspace,
    qtbot: QtBot,
) -> None:
    base, far = add_model("base"), add_endpoint()
    add_data()
    page.open_with(base.id)
    page.judge.list.setCurrentIndex(page.judge.list.findData(far.id))
    assert page.judge.list.currentText() == "far (endpoint)"

    with qtbot.waitSignal(page.view_model.judging.asked, timeout=20_000):
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    (dialog,) = page.findChildren(SendDialog)
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "to api.example.com?" in said
    assert "So are the answers that the models give to them." in said
    QTest.mouseClick(dialog.keep_button, LEFT)
    assert workspace.store.runs() == []

    with qtbot.waitSignal(page.view_model.judging.asked, timeout=20_000):
        QTest.mouseClick(page.preview_card.start_button, LEFT)
    dialog = page.findChildren(SendDialog)[-1]
    with qtbot.waitSignal(page.page_requested, timeout=20_000):
        QTest.mouseClick(dialog.send_button, LEFT)
    assert workspace.store.runs()[0].spec["judge"] == far.id
