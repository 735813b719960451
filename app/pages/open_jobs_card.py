"""A card for the jobs that are adding to a library page now."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.job_status import state_word
from app.tokens import SPACE_M
from app.widgets.buttons import LinkButton
from app.widgets.card import Card
from app.widgets.labels import ElidedLabel
from app.widgets.lines import Lines
from app.widgets.pill import Pill
from core.workspace.records import Run


class OpenJobsCard(Card):
    """A line for each job that waits or works; hidden without one."""

    run_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", kind="accent", parent=parent)
        self._shown: list[tuple[str, str]] = []
        self._rows = Lines()
        self.add(self._rows)
        self.hide()

    def show_runs(self, runs: list[Run]) -> None:
        """Shows these runs."""
        self.setVisible(bool(runs))
        fresh = [(run.id, run.state) for run in runs]
        if fresh == self._shown:
            return
        self._shown = fresh
        rows = [JobRow(run, self) for run in runs]
        for row in rows:
            row.run_requested.connect(self.run_requested)
        self._rows.replace(rows)


class JobRow(QWidget):
    """State, name, and the way to the run."""

    run_requested = Signal(str)

    def __init__(self, run: Run, parent: QWidget) -> None:
        super().__init__(parent)
        self._run_id = run.id
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        row.addWidget(Pill(state_word(run.state), "accent", self))
        text = self.tr("Adding {name}. It appears here when it is checked.").format(name=run.name)
        row.addWidget(ElidedLabel(text, parent=self), 1)
        self.link = LinkButton(self.tr("Open run"), parent=self)
        self.link.setAccessibleName(self.tr("Open the run of {name}").format(name=run.name))
        self.link.clicked.connect(self._on_clicked)
        row.addWidget(self.link)

    def _on_clicked(self) -> None:
        self.run_requested.emit(self._run_id)
