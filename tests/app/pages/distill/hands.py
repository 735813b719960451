"""What a person does on the distill page, and reads there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.pages.distill.page import DistillPage
from core.specs import DistillSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
Add = Callable[..., Artifact]
LARGE = 361_000_000


def take(page: DistillPage, which: str, artifact: Artifact) -> None:
    card = page.pickers.teacher if which == "teacher" else page.pickers.student
    if not card.cards.isVisible():
        QTest.mouseClick(card.change_button, LEFT)
    QTest.mouseClick(card.cards._cards[artifact.id], LEFT)


def said(page: DistillPage) -> str:
    """What the doctor's card says."""
    found = page.view_model.diagnosis
    return " ".join(f"{finding.what} {finding.fix}" for finding in found.findings) if found else ""


def type_into(page: DistillPage, field: str, text: str) -> None:
    line = page.method_card.form.field(field).control
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


def queued(workspace: Workspace) -> DistillSpec:
    return DistillSpec.model_validate(workspace.store.runs()[0].spec)
