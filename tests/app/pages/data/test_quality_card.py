"""The quality card, by clicks."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from app.job_bridge import JobBridge
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.page import DataPage
from app.pages.data.quality_finding import FindingRow
from app.pages.data.quality_text import MarkedText
from app.pages.data.view_model import DataViewModel
from core.data import dataset
from core.data.quality.findings import Mark
from core.specs import ImportDataSpec
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton


def tick(box: QCheckBox) -> None:
    QTest.mouseClick(box, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(10, box.height() // 2))


def row_of(page: DataPage, finding: str) -> FindingRow:
    return next(row for row in page.quality_card.finding_rows if row.finding.id == finding)


def add_mails(workspace: Workspace, folder: Path) -> Artifact:
    """A data set in which some rows hold a mail address."""
    source = folder / "mails.csv"
    rows = [f"<b>Write</b> to me at user{n}@example.org about {n} cards,lost" for n in range(9)]
    source.write_text("\n".join(["text,category", *rows, *(f"{n} other things,{n % 2}" for n in range(9))]))
    made = workspace.artifact_folder("mails")
    made.mkdir()
    info = dataset.build(ImportDataSpec(source=str(source), name="Mails"), made)
    sealed = manifest.write(made)
    meta = {"task": info.task, "counts": info.counts, "labels": 3}
    artifact = Artifact("mails", "dataset", "Mails", sealed.digest, sealed.total_bytes, time.time(), "", meta)
    workspace.store.add_artifact(artifact)
    return artifact


def test_a_look_is_taken_once_and_a_fixed_version_is_made_by_clicks(
    qtbot: QtBot, bridge: JobBridge, workspace: Workspace, tmp_path: Path
) -> None:
    old = add_mails(workspace, tmp_path)
    page = DataPage(DataViewModel(bridge), ImportViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 2400)
    page.show()
    bridge.start()
    page.open_with(old.id)
    qtbot.waitUntil(page.quality_card.isVisible)
    assert not page.quality_card.version.isVisible()

    QTest.mouseClick(page.quality_card.look_button, LEFT)
    assert not page.quality_card.look_button.isEnabled()
    assert page.quality_card.meter.isVisible()
    qtbot.waitUntil(lambda: bool(page.quality_card.finding_rows), timeout=30000)

    personal = row_of(page, "personal")
    QTest.mouseClick(personal.rows_button, LEFT)
    shown = [words.text for words in personal.rows.findChildren(MarkedText)]
    assert any("<b>Write</b> to me at [mail]" in text for text in shown), (
        "markup stays text, mails are masked"
    )
    assert page.quality_card.make_button.text() == "Choose a fix first"
    mask, drop = personal.boxes[:2]
    tick(drop.box)
    tick(mask.box)
    assert mask.box.isChecked()
    assert not drop.box.isChecked(), "two ways of one fix exclude each other"
    QTest.mouseClick(page.quality_card.name.line, LEFT)
    page.quality_card.name.line.selectAll()
    QTest.keyClicks(page.quality_card.name.line, "Masked")
    QTest.mouseClick(page.quality_card.make_button, LEFT)
    qtbot.waitUntil(
        lambda: page.view_model.selected is not None and page.view_model.selected.name == "Masked",
        timeout=30000,
    )
    assert workspace.store.find_artifact(old.id) is not None
    assert not page.quality_card.finding_rows, "the new version was not looked at yet"
    page.view_model.select(old.id)
    assert page.quality_card.finding_rows, "an earlier look is shown again"


def test_marks_count_letters_as_a_person_does(qtbot: QtBot) -> None:
    words = MarkedText("😀 <i>call</i> me" + " today" * 20, [Mark(start=2, end=5)])
    qtbot.addWidget(words)
    assert words.ranges == [(3, 3)]
    assert words.heightForWidth(60) > words.heightForWidth(600)
