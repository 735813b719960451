"""The main job by real clicks: starter data and model, a few steps of fine-tuning, quantize, chat."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from pytestqt.qtbot import QtBot

from app.context import Context
from app.dialogs.confirm import ConfirmDialog
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.settings import SettingsFile
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

pytestmark = pytest.mark.long
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def working_window(workspace: Workspace, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window whose queue executes."""
    bridge = JobBridge(workspace)
    window = MainWindow(Context(workspace, bridge, SettingsFile(tmp_path / "settings.json")))
    qtbot.addWidget(window)
    window.show()
    bridge.start()
    yield window
    assert bridge.close(30.0)


class Person:
    """Clicks, types and waits, as somebody in front of the window would."""

    def __init__(self, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
        self.window, self.workspace, self.qtbot = window, workspace, qtbot

    def click(self, button: QAbstractButton) -> None:
        self.wait(lambda: button.isVisible() and button.isEnabled(), 20)
        QTest.mouseClick(button, LEFT)

    def go_to(self, page: str):
        QTest.mouseClick(self.window.sidebar._items[page], LEFT)
        return self.window.page(page)

    def wait(self, condition: Callable[[], object], seconds: float) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=int(seconds * 1000))

    def wait_for_run(self, number: int, seconds: float) -> None:
        def ended() -> bool:
            runs = self.workspace.store.runs()
            return len(runs) >= number and runs[-number].state not in (
                "queued",
                "starting",
                "running",
                "stopping",
            )

        self.wait(ended, seconds)
        run = self.workspace.store.runs()[-number]
        assert run.state == "succeeded", run.error


@pytest.mark.timeout(600)
def test_from_nothing_to_a_chat_with_a_small_model(
    working_window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    person = Person(working_window, workspace, qtbot)

    home = person.go_to("home")
    person.click(home.try_button)
    person.wait_for_run(1, 120)
    person.wait_for_run(2, 60)
    person.wait(lambda: not home.try_card.isVisible(), 10)

    finetune = person.go_to("finetune")
    form = finetune.method_card.form
    person.click(form.advanced_button)
    steps = form.field("max_steps").control
    editor = steps if isinstance(steps, QLineEdit) else steps.findChild(QLineEdit) or steps
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "3")
    person.click(finetune.preview_card.start_button)
    person.wait_for_run(3, 200)
    assert workspace.store.runs()[0].spec["max_steps"] == 3
    run = working_window.page("run")
    assert run is not None
    assert working_window.current_page is run
    person.wait(lambda: run.charts.loss.isVisible(), 10)

    person.click(run.outcome.button)  # the next best step: quantize it
    quantize = working_window.page("quantize")
    assert working_window.current_page is quantize
    person.click(quantize.preview_card.start_button)
    person.wait_for_run(4, 300)

    ways = (run.outcome.button, run.outcome.also_button, run.outcome.third_button)
    person.wait(lambda: any(way.isVisible() and way.text().startswith("Chat") for way in ways), 10)
    person.click(next(way for way in ways if way.text().startswith("Chat")))  # and then: talk with it
    deploy = working_window.page("deploy")
    person.wait(lambda: working_window.current_page is deploy, 10)
    person.wait(lambda: deploy.view_model.chat.state == "idle", 90)
    QTest.keyClicks(deploy.line, "What is the capital of France?")
    person.click(deploy.send_button)
    person.wait(lambda: deploy.view_model.chat.state == "answering" or deploy.view_model.chat.speed, 60)
    person.wait(lambda: deploy.view_model.chat.state == "idle" and deploy.view_model.chat.speed, 60)
    question, answer = deploy.view_model.chat.turns
    assert question["content"] == "What is the capital of France?"
    assert answer["content"].strip()
    assert deploy.view_model.chat.speed.ttft_ms > 0
    assert deploy.view_model.chat.speed.tokens >= 1, "after three steps it may say a single word"


def keep(workspace: Workspace, type: str, name: str, folder: Path) -> None:
    """Puts a finished folder into the library."""
    sealed = manifest.read(folder)
    meta = json.loads((folder / f"{type}.json").read_text(encoding="utf-8"))
    artifact = Artifact(
        id=folder.name,
        type=type,
        name=name,
        digest=sealed.digest,
        bytes=sealed.total_bytes,
        created_at=time.time(),
        run_id="",
        meta=meta,
    )
    workspace.store.add_artifact(artifact)


@pytest.mark.timeout(300)
def test_a_small_model_learns_from_a_large_one_and_is_measured_against_it(
    working_window: MainWindow, workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    from tests.core.engines import tiny

    person = Person(working_window, workspace, qtbot)
    for seed, name in enumerate(("teacher", "student")):
        keep(
            workspace, "model", name, tiny.model_folder(workspace.artifact_folder(f"model-{name}"), seed=seed)
        )
    keep(workspace, "dataset", "rows", tiny.data_folder(workspace.artifact_folder("dataset-rows")))

    distill = person.go_to("distill")
    QTest.mouseClick(distill.pickers.teacher.cards._cards["model-teacher"], LEFT)
    person.click(distill.pair_card.continue_button)  # the only other model is the student
    steps = distill.method_card.form.field("max_steps").control
    person.click(distill.method_card.form.advanced_button)
    steps.setFocus()
    QTest.keyClicks(steps, "4")
    person.click(distill.preview_card.start_button)
    person.wait_for_run(1, 200)
    run = working_window.page("run")
    assert working_window.current_page is run
    person.wait(lambda: len(run.charts.agreement.points("agreement")) == 4, 10)
    assert run.charts.agreement.isVisible()

    person.click(run.outcome.also_button)
    evaluate = working_window.page("evaluate")
    assert working_window.current_page is evaluate
    assert [item.name for item in evaluate.view_model.chosen] == ["teacher", "rows-student"]
    assert evaluate.preview_card.start_button.isEnabled()


@pytest.mark.timeout(300)
def test_a_student_is_cut_out_of_its_teacher_and_led_to_it(
    working_window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    from tests.core.engines import tiny

    person = Person(working_window, workspace, qtbot)
    folder = tiny.model_folder(workspace.artifact_folder("model-teacher"), layers=3)
    keep(workspace, "model", "teacher", folder)
    keep(workspace, "dataset", "rows", tiny.data_folder(workspace.artifact_folder("dataset-rows")))

    distill = person.go_to("distill")
    person.click(distill.pair_card.cut_button)  # there is no other model
    prune = working_window.page("prune")
    assert working_window.current_page is prune
    person.wait(prune.preview_card.start_button.isEnabled, 20)
    person.click(prune.preview_card.start_button)
    person.wait_for_run(1, 200)
    assert (workspace.store.runs()[0].result or {})["layers"] == 2
    run = working_window.page("run")
    person.click(run.outcome.button)
    assert working_window.current_page is distill
    assert distill.view_model.teacher.name == "teacher"
    assert distill.view_model.student.name == "teacher-pruned"


@pytest.mark.timeout(300)
def test_closing_while_a_job_runs_asks_stops_it_safely_and_it_can_go_on(
    working_window: MainWindow, workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    from core.jobs import submission
    from core.specs import AddModelSpec, FinetuneSpec, ImportDataSpec
    from tests.core.engines import tiny

    person = Person(working_window, workspace, qtbot)
    bridge = working_window._context.bridge
    source = tiny.model_folder(tmp_path / "tiny")
    for own in ("model.json", "manifest.json"):
        (source / own).unlink()
    rows = tmp_path / "rows.csv"
    with open(rows, "w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        writer.writerows(tiny.rows(48))
    bridge.submit(AddModelSpec(source=str(source), name="tiny"), "tiny")
    bridge.submit(ImportDataSpec(source=str(rows), name="rows"), "rows")
    person.wait_for_run(1, 60)
    person.wait_for_run(2, 60)
    run = bridge.submit(
        FinetuneSpec(
            model=workspace.artifact("tiny", "model").id,
            data=workspace.artifact("rows", "dataset").id,
            epochs=100,
            batch_size=2,
            sample_prompts=0,
        ),
        "long",
    )
    person.wait(lambda: workspace.store.metrics(run.id).get("loss"), 90)

    working_window.close()
    dialog = working_window.findChild(ConfirmDialog)
    assert dialog is not None, "it asks"
    assert working_window.isVisible()
    person.click(dialog.act_button)
    person.wait(lambda: not working_window.isVisible(), 60)
    assert workspace.store.run(run.id).state == "stopped"
    submission.resume(workspace, run.id)
    assert workspace.store.next_queued().id == run.id
