"""The card that shows a few rows as the teacher answers them, before anything else is spent."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formats import breakable, count_text
from app.pages.generate.trial_model import TrialRow
from app.pages.generate.view_model import GenerateViewModel
from app.tokens import SPACE_S, SPACE_XS
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.labels import Label, Line
from app.widgets.lines import Lines
from app.widgets.meter import Meter
from app.widgets.pill import Pill
from core.errors import CancelledError
from core.offers import PREVIEW_ROWS

_LONGEST = 600


class TrialCard(Card):
    """A button that asks, the rows as they come, and a button that ends it."""

    try_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("See some rows first"))
        self.stop_button = PlainButton(self.tr("Stop"), parent=self)
        self.stop_button.setAccessibleName(self.tr("Stop asking for the preview"))
        self.stop_button.clicked.connect(self.stop_requested)
        self.try_button = PlainButton(self.tr("Show five rows"), "eye", self)
        self.try_button.clicked.connect(self.try_requested)
        self.add_action(self.stop_button)
        self.add_action(self.try_button)
        self.meter = Meter(self.tr("Progress of the preview"), self)
        self.add(self.meter)
        self._lines = Lines()
        self.add(self._lines)
        self._shown: tuple[TrialRow, ...] = ()

    def show_state(self, model: GenerateViewModel) -> None:
        """Shows how far the preview is."""
        trial = model.trial
        self.try_button.setVisible(not trial.is_trying)
        self.try_button.setEnabled(model.can_try)
        self.stop_button.setVisible(trial.is_trying)
        self.meter.setVisible(trial.is_trying)
        rows = trial.rows
        total = min(PREVIEW_ROWS, trial.offer.estimate.prompts if trial.offer is not None else PREVIEW_ROWS)
        self.meter.set_fraction(min(1.0, len(rows) / total) if rows else None)
        self.set_note(self._note(model, len(rows), total))
        if rows != self._shown:
            self._shown = rows
            widgets: list[QWidget] = []
            for row in rows:
                widgets += [Line(self), _Row(row, self)]
            self._lines.replace(widgets)

    def _note(self, model: GenerateViewModel, rows: int, total: int) -> str:
        trial = model.trial
        if trial.is_trying:
            if not rows:
                return self.tr("Waiting for the first answer …")
            return self.tr("Asked: {done} of {total}").format(done=count_text(rows), total=count_text(total))
        done = trial.trial
        if done is None:
            return self.tr("The teacher answers five rows of yours, and you see what all would cost.")
        if not trial.is_current:
            return self.tr("These were asked with other settings.")
        if isinstance(done.error, CancelledError):
            return self.tr("You stopped it. What was answered is not asked again.")
        return "" if done.is_whole else self.tr("It ended early. What was answered is not asked again.")


class _Row(QWidget):
    """A prompt and its answer, and whether it would be kept."""

    def __init__(self, row: TrialRow, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        head = QHBoxLayout()
        head.setSpacing(SPACE_S)
        head.addWidget(Label(_cut(row.prompt), "muted", wrap=True, selectable=True), 1)
        kept = row.note == "kept"
        word = self.tr("Kept") if kept else self.tr("Dropped")
        head.addWidget(Pill(word, "good" if kept else "warn", self))
        column.addLayout(head)
        answer = _cut(row.answer) or self.tr("(no answer)")
        column.addWidget(Label(answer, wrap=True, selectable=True))
        if row.expected:
            text = self.tr("Your data says: {answer}").format(answer=_cut(row.expected))
            column.addWidget(Label(text, "note", wrap=True, selectable=True))
        if not kept:
            column.addWidget(Label(row.note, "note", wrap=True))


def _cut(text: str) -> str:
    line = text.strip()
    return breakable(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…")
