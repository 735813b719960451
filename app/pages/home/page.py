"""The first page: where you stand, one next step, and what ran lately."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import receipt_text
from app.formats import breakable
from app.pages.home.view_model import HomeViewModel, RecentRun, Step
from app.tokens import SPACE_L, SPACE_M, SPACE_XS
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import ElidedLabel, Label, Line
from app.widgets.page_frame import PageFrame
from app.widgets.pill import Pill
from core.errors import WorkbenchError

_WHEN_WIDTH, _STATE_WIDTH = 140, 150


class HomePage(PageFrame):
    """One primary button: the next best step."""

    def __init__(self, view_model: HomeViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(
            self.tr("Home"),
            self.tr("Teach a small language model your task, make it small, and use it here."),
        )
        view_model.setParent(self)
        self._model = view_model
        self._model.changed.connect(self._rebuild)
        self.next_card = Card(kind="accent")
        self.next_button = PrimaryButton("")
        self.next_button.clicked.connect(self._on_next)
        self.starter_button = LinkButton("")
        self.starter_button.clicked.connect(self._on_starter)
        self.next_card.add_action(self.starter_button)
        self.next_card.add_action(self.next_button)
        self.add(self.next_card)
        self.try_card = Card(
            self.tr("Try it with the starter model and data"),
            self.tr(
                "A small model and 1,500 messages to a bank come with the program. Both are added here in "
                "half a minute; then you teach the model what the messages are about."
            ),
        )
        self.try_button = PlainButton(self.tr("Try it"), parent=self)
        self.try_button.clicked.connect(self._on_try)
        self.try_card.add_action(self.try_button)
        self.add(self.try_card)
        self.steps_card = Card(self.tr("The way"), self.tr("From your examples to a model on this computer."))
        self._steps = QHBoxLayout()
        self._steps.setSpacing(SPACE_M)
        self.steps_card.add(self._steps)
        self.add(self.steps_card)
        self.recent_card = Card(self.tr("Lately"))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(SPACE_M)
        self.recent_card.add(self._recent)
        self.add(self.recent_card)
        self._model.refresh()

    def open_with(self, argument: object) -> None:
        """Reads the workspace anew."""
        self._model.refresh()

    def _rebuild(self) -> None:
        step = self._model.next_step
        self.next_card.set_title(self._headline(step))
        self.next_card.set_note(" ".join(filter(None, (step.text, step.why))))
        self.next_button.set_ready_text(step.action)
        self.starter_button.setText(step.starter)
        self.starter_button.setVisible(bool(step.starter))
        _clear(self._steps)
        for item in self._model.steps:
            tile = StepTile(item, item is step)
            tile.requested.connect(self._on_page_wanted)
            self._steps.addWidget(tile, 1)
        _clear(self._recent)
        for index, run in enumerate(self._model.recent):
            if index:
                self._recent.addWidget(Line())
            row = RecentRow(run)
            row.requested.connect(self._on_run_wanted)
            self._recent.addWidget(row)
        self.recent_card.setVisible(bool(self._model.recent))
        self.try_card.setVisible(self._model.can_try)

    def _headline(self, step: Step) -> str:
        if self._model.is_empty:
            return self.tr("Begin with your data")
        return self.tr("Next: {step}").format(step=step.title.lower())

    def _on_next(self) -> None:
        step = self._model.next_step
        self.page_requested.emit(step.page, step.argument or None)

    def _on_starter(self) -> None:
        self.page_requested.emit(self._model.next_step.page, "starter")

    def _on_try(self) -> None:
        try:
            self._model.try_starter()
        except WorkbenchError as error:
            self.notice_raised.emit(error.what, "bad")
            return
        self.notice_raised.emit(self.tr("The starter model and data are being added."), "accent")
        self._model.refresh()

    def _on_page_wanted(self, page: str, argument: str) -> None:
        self.page_requested.emit(page, argument or None)

    def _on_run_wanted(self, run_id: str) -> None:
        self.page_requested.emit("runs", run_id)


class StepTile(QWidget):
    """One stage: its title, a word on its state, and a sentence."""

    requested = Signal(str, str)

    def __init__(self, step: Step, is_next: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page, self._argument = step.page, step.argument
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_XS, 0, 0)
        column.setSpacing(SPACE_XS)
        link = LinkButton(step.title, parent=self)
        link.clicked.connect(self._on_clicked)
        if step.done and step.receipt is not None and step.receipt.status != "green":
            found = step.receipt
            word = receipt_text.colour_word(found.status, is_untaught=found.is_untaught)
            pill = Pill(word, receipt_text.TONES[found.status], self)
        elif step.done:
            pill = Pill(self.tr("Ready"), "good", self)
        elif is_next:
            pill = Pill(self.tr("Next"), "accent", self)
        else:
            pill = Pill(self.tr("Later"), "muted", self)
        column.addWidget(pill)
        column.addWidget(link)
        column.addWidget(Label(breakable(step.text), "note", wrap=True))
        column.addStretch(1)

    def _on_clicked(self) -> None:
        self.requested.emit(self._page, self._argument)


class RecentRow(QWidget):
    """One run: name, what a resume finds, when, state."""

    requested = Signal(str)

    def __init__(self, run: RecentRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id = run.run_id
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_L)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(ElidedLabel(run.title))
        if run.resume:
            names.addWidget(ElidedLabel(run.resume, "note"))
        row.addLayout(names, 1)
        when = Label(run.when, "muted")
        when.setFixedWidth(_WHEN_WIDTH)
        row.addWidget(when)
        state = QWidget()
        state.setFixedWidth(_STATE_WIDTH)
        inside = QHBoxLayout(state)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(Pill(run.word, run.tone, self))
        inside.addStretch(1)
        row.addWidget(state)
        link = LinkButton(self.tr("Open"), parent=self)
        link.setAccessibleName(self.tr("Open the run {name}").format(name=run.title))
        link.clicked.connect(self._on_clicked)
        row.addWidget(link)

    def _on_clicked(self) -> None:
        self.requested.emit(self._run_id)


def _clear(layout: QHBoxLayout | QVBoxLayout) -> None:
    while layout.count():
        widget = layout.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
