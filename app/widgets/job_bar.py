"""The foot of the window: what runs, how far, how long, and Stop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.formats import size_text
from app.progress_text import left_text
from app.tokens import SPACE_M, SPACE_XXL
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.labels import Label
from app.widgets.meter import Meter
from app.widgets.pill import Pill, Tone

_LEAST_METER, _LEAST_TITLE, _WHOLE_TITLE = 120, 60, 160


@dataclass(frozen=True)
class JobStatus:
    """What the bar shows of a job.

    Attributes:
        run_id: The run.
        title: Its name.
        state: A word for the pill, for example `Training`.
        tone: Tone of the pill.
        fraction: From 0 to 1, or None while the end is not known.
        count: What is counted and how much of it is done, for example `Row 12 of 80`.
        left_s: Seconds left, or None while not known.
        note: Stands in place of the time left, for example `saving what there is, 7 s`.
        can_stop: Whether Stop means something now.
        queued: How many jobs wait behind it.
    """

    run_id: str
    title: str
    state: str
    tone: Tone = "accent"
    fraction: float | None = None
    count: str = ""
    left_s: float | None = None
    note: str = ""
    can_stop: bool = True
    queued: int = 0


class JobBar(QWidget):
    """Always there, so that leaving a page never loses a job.

    In a narrow window the memory goes first, then the end of the title: why a job waits is always read whole.
    """

    stop_requested = Signal(str)
    run_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job_bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(46)
        self.setAccessibleName(self.tr("Running job"))
        self._run_id = self._title = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_XXL, 0, SPACE_XXL, 0)
        row.setSpacing(SPACE_M)
        self.pill = Pill(parent=self)
        self.title = LinkButton("", parent=self)
        self.title.setProperty("look", "title")
        self.title.clicked.connect(self._on_title_clicked)
        self.meter = Meter(self.tr("Progress of the job"), self)
        self.meter.setMinimumWidth(_LEAST_METER)
        self.meter.setMaximumWidth(320)
        self.meter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.left = Label("", "muted")
        self.memory = Label("", "muted")
        self.stop_button = PlainButton(self.tr("Stop"), parent=self)
        self.stop_button.setAccessibleDescription(self.tr("Ends the job and keeps what it has learnt"))
        self.stop_button.clicked.connect(self._on_stop_clicked)
        row.addWidget(self.pill)
        row.addWidget(self.title)
        row.addWidget(self.meter, 3)
        row.addWidget(self.left)
        row.addStretch(2)
        row.addWidget(self.memory)
        row.addWidget(self.stop_button)
        self._row = row
        self.show_idle()

    def show_idle(self) -> None:
        """No job runs."""
        self._run_id = ""
        self.pill.show_status(self.tr("Idle"), "muted")
        self._title = self.tr("No job is running")
        self.title.setEnabled(False)
        self.title.setToolTip("")
        self.meter.hide()
        self.left.setText("")
        self.stop_button.hide()
        self._fit()

    def show_job(self, job: JobStatus) -> None:
        """Shows a job that runs or waits."""
        self._run_id = job.run_id
        self.pill.show_status(job.state, job.tone)
        self._title = job.title
        self.title.setEnabled(True)
        self.title.setToolTip(self.tr("Open the run “{name}”").format(name=job.title))
        self.meter.show()
        self.meter.set_fraction(job.fraction)
        self.meter.setToolTip(job.count)
        waiting = self.tr("%n waiting", "", job.queued) if job.queued else ""
        text = job.note or left_text(job.left_s, job.fraction)
        self.left.setText(" · ".join(filter(None, [job.count, text, waiting])))
        self.stop_button.setVisible(True)
        self.stop_button.setEnabled(job.can_stop)
        self._fit()

    def set_memory(self, used: int, total: int) -> None:
        """Memory of this computer that is in use."""
        text = self.tr("Memory {used} of {total}")
        self.memory.setText(text.format(used=size_text(used), total=size_text(total)))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the title into the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leaves out what is of least use where the bar is too narrow for all."""
        others = [self.pill, self.left, *([] if self.stop_button.isHidden() else [self.stop_button])]
        taken = sum(widget.sizeHint().width() for widget in others)
        taken += 0 if self.meter.isHidden() else _LEAST_METER
        margins = self._row.contentsMargins()
        taken += margins.left() + margins.right() + self._row.spacing() * (self._row.count() - 1)
        letters = QFontMetrics(self.title.font())
        self.title.setText(self._title)
        wanted = letters.horizontalAdvance(self._title)
        room = self.width() - taken - (self.title.sizeHint().width() - wanted)
        beside = room - self.memory.sizeHint().width()
        fits = beside >= min(wanted, _WHOLE_TITLE)
        self.memory.setVisible(fits)
        width = max(beside if fits else room, _LEAST_TITLE)
        self.title.setText(letters.elidedText(self._title, Qt.TextElideMode.ElideRight, width))
        self.title.setAccessibleName(self._title)

    def _on_stop_clicked(self) -> None:
        self.stop_requested.emit(self._run_id)

    def _on_title_clicked(self) -> None:
        self.run_requested.emit(self._run_id)
