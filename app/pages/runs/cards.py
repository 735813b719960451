"""The parts of a run's page beside its charts."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QWidget

from app.dialogs.receipt import ReceiptDialog
from app.formats import clock_text, duration_text
from app.job_status import phase_word, state_tone, state_word
from app.models.run_record import LogLine, RunRecord
from app.pages.runs.next_step import NextStep
from app.progress_text import count_of, left_text
from app.receipt_text import TONES, colour_word
from app.tokens import SPACE_XL
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.meter import Meter
from app.widgets.pill import Pill
from core.jobs.registry import saves
from core.models.receipts import ReceiptItem
from core.workspace.records import Run


class ProgressCard(Card):
    """Phase, bar, step x of y, time left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        row = QHBoxLayout()
        row.setSpacing(SPACE_XL)
        self.pill = Pill(parent=self)
        self.meter = Meter(self.tr("Progress of the run"), self)
        self.meter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.step = Label("", "strong")
        self.left = Label("", "strong")
        for widget in (self.pill, self.meter, self.step, self.left):
            row.addWidget(widget)
        row.setStretch(1, 1)
        self.add(row)

    def show_progress(self, run: Run, record: RunRecord, left_s: float | None, grace_s: float | None) -> None:
        """Shows how far the run is, or how it ended."""
        progress = record.progress
        working = run.state == "running" and progress.phase
        word = phase_word(progress.phase) if working else state_word(run.state)
        self.pill.show_status(word, state_tone(run.state))
        ended = run.ended_at is not None
        place = (progress.unit, progress.done, progress.total) if progress.total else None
        if ended:  # where it was stays to be seen, also when it then saved or reported
            place = None if run.state == "succeeded" else progress.reached
        self.step.setText(count_of(*place) if place is not None else "")
        reached = min(place[1] / place[2], 1.0) if place is not None else None
        self.meter.set_fraction(1.0 if run.state == "succeeded" else reached)
        if grace_s is not None:
            told = self.tr("saving, at most {s} s") if saves(run.kind) else self.tr("ending, at most {s} s")
            self.left.setText(told.format(s=round(grace_s)))
        elif left_s is not None:
            self.left.setText(left_text(left_s, progress.fraction))
        elif ended and (took := run.worked_s()) is not None:
            self.left.setText(self.tr("took {time}").format(time=duration_text(took)))
        else:
            self.left.setText("")


class OutcomeCard(Card):
    """What is ready now, and the next best step."""

    requested = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(kind="accent", parent=parent)
        self.button = PrimaryButton("", parent=self)
        self.button.clicked.connect(self._on_clicked)
        self.also_button, self.third_button = PlainButton("", parent=self), PlainButton("", parent=self)
        self._others = (self.also_button, self.third_button)
        for button in self._others:
            button.clicked.connect(self._on_other_clicked)
        self.title_label.setWordWrap(True)
        self.pill = Pill(parent=self)
        self.receipt_button = LinkButton(self.tr("Show the receipt"), parent=self)
        self.receipt_button.clicked.connect(self._on_receipt)
        self._below = QHBoxLayout()
        for widget in (self.pill, self.receipt_button):
            self._below.addWidget(widget)
        self._below.addStretch(1)
        self.add(self._below)
        self._step: NextStep | None = None
        self.hide()

    def show_step(self, step: NextStep | None) -> None:
        """Shows a step, or hides the card."""
        self._step = step
        self.setVisible(step is not None)
        if step is not None:
            self.set_title(step.headline)
            self.set_note(step.text)
            self.button.set_ready_text(step.action)
            for at, button in enumerate(self._others):
                button.setVisible(at < len(step.others))
                button.setText(step.others[at].action if at < len(step.others) else "")
            self._show_receipt(step.receipt)
            self._place()

    def _show_receipt(self, receipt: ReceiptItem | None) -> None:
        self.set_kind("bad" if receipt is not None and receipt.status == "red" else "accent")
        self.pill.setVisible(receipt is not None)
        self.receipt_button.setVisible(receipt is not None)
        if receipt is not None:
            word = colour_word(receipt.status, is_untaught=receipt.is_untaught)
            self.pill.show_status(word, TONES[receipt.status])

    def _place(self) -> None:
        """Buttons beside the text, or below it where they are many and would leave it no room."""
        many = self._step is not None and len(self._step.others) == len(self._others)
        for button in (*reversed(self._others), self.button):
            if many:
                self._below.addWidget(button)
            else:
                self.add_action(button)

    def _on_clicked(self) -> None:
        if self._step is not None:
            self.requested.emit(self._step.page, self._step.argument)

    def _on_other_clicked(self) -> None:
        if self._step is not None:
            other = self._step.others[self._others.index(self.sender())]
            self.requested.emit(other.page, other.argument)

    def _on_receipt(self) -> None:
        if self._step is not None and self._step.receipt is not None:
            ReceiptDialog(self._step.name, self._step.receipt, self.window()).open()


class WarningsCard(Card):
    """What the person should know."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("To know"))
        self._text = Label("", "muted", wrap=True, selectable=True)
        self.add(self._text)
        self.hide()

    def show_warnings(self, warnings: list[str]) -> None:
        """Shows each once."""
        self._text.setText("\n".join(f"⚠ {text}" for text in warnings))
        self.setVisible(bool(warnings))


class LogCard(Card):
    """The run's log, newest at the bottom, at most a thousand lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Log"))
        self._folder = ""
        link = LinkButton(self.tr("Open folder"), parent=self)
        link.clicked.connect(self._on_open)
        self.add_action(link)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(1000)
        self.text.setProperty("role", "mono")
        self.text.setProperty("frameless", True)
        self.text.setAccessibleName(self.tr("Log of the run"))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(120)
        self.text.document().setDocumentMargin(0)
        self.add(self.text, 1)

    def begin(self, folder: str) -> None:
        """Empties the log for another run."""
        self._folder = folder
        self.text.clear()

    def add_lines(self, lines: list[LogLine]) -> None:
        """Appends lines in one go."""
        if not lines:
            return
        bar = self.text.verticalScrollBar()
        follows = bar.value() >= bar.maximum()  # someone who has scrolled up is reading
        self.text.appendPlainText("\n".join(f"{clock_text(line.t)} {line.text}" for line in lines))
        if follows:
            bar.setValue(bar.maximum())

    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder))
