"""Closing the window while a job runs: asked once, and nothing is lost."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QDialog, QMainWindow, QVBoxLayout, QWidget

from app.dialogs.confirm import ConfirmDialog
from app.goes_on_text import goes_on_text
from app.job_bridge import JobBridge
from app.tokens import SPACE_M, SPACE_XL
from app.widgets.buttons import PlainButton
from app.widgets.labels import Label
from core.errors import InputError
from core.jobs import goes_on
from core.jobs.registry import saves
from core.workspace.records import Run

_POLL_MS = 100


class Closing(QObject):
    """Decides whether the window may close now, and brings a running job to a good end first."""

    def __init__(self, window: QMainWindow, bridge: JobBridge) -> None:
        super().__init__(window)
        self._window = window
        self._bridge = bridge
        self._agreed = self._saves = False
        self._dialog: WaitDialog | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

    def may_close(self) -> bool:
        """True when nothing runs or the person has decided; otherwise the question is on the screen."""
        run_id = self._bridge.running_id
        if self._agreed or not run_id:
            self._bridge.close(2.0)
            return True
        if self._timer.isActive():
            return False
        run = self._bridge.workspace.store.run(run_id)
        self._saves = saves(run.kind)
        dialog = ConfirmDialog(
            self.tr("Close while “{name}” is running?").format(name=run.name),
            self._what_stays(run),
            self.tr("Save and close"),
            self.tr("Keep working"),
            parent=self._window,
        )
        dialog.confirmed.connect(self._on_confirmed)
        dialog.open()
        return False

    def _what_stays(self, run: Run) -> str:
        if saves(run.kind):
            return self.tr("The job finishes its step and saves. You can resume it when you are back.")
        found = goes_on.find(self._bridge.workspace, run)
        return self.tr("The job ends, and you can resume it when you are back.") + f" {goes_on_text(found)}."

    def _on_confirmed(self) -> None:
        self._bridge.queue.take_no_more()
        try:
            self._bridge.stop(self._bridge.running_id)
        except InputError:  # it ended while the question stood
            self._agreed = True
            self._window.close()
            return
        self._dialog = WaitDialog(self._window, saves=self._saves)
        self._dialog.end_requested.clicked.connect(self._on_end_requested)
        self._dialog.open()
        self._timer.start()

    def _on_end_requested(self) -> None:
        run_id = self._bridge.running_id
        if run_id:
            self._bridge.cancel(run_id)

    def _poll(self) -> None:
        if self._bridge.running_id:
            if self._dialog is not None:
                self._dialog.show_left(self._bridge.grace_left_s)
            return
        self._timer.stop()
        self._agreed = True
        if self._dialog is not None:
            self._dialog.accept()
        self._window.close()


class WaitDialog(QDialog):
    """What the window waits for, how long at most, and a way to end it now."""

    def __init__(self, parent: QWidget, *, saves: bool = True) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Saving") if saves else self.tr("Ending"))
        self.setModal(True)
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_M)
        told = self.tr("The job finishes its step and saves") if saves else self.tr("The job ends")
        column.addWidget(Label(told, "heading"))
        self.left = Label("", "muted", wrap=True)
        column.addWidget(self.left)
        at_once = self.tr("End it now, keep the last save") if saves else self.tr("End it now")
        self.end_requested = PlainButton(at_once, parent=self)
        column.addWidget(self.end_requested)
        self._since = time.monotonic()
        self.show_left(None)

    def show_left(self, seconds: float | None) -> None:
        """Shows the countdown."""
        if seconds is None:
            self.left.setText(self.tr("This takes a moment."))
        else:
            self.left.setText(self.tr("At most {s} s more.").format(s=round(seconds)))

    def reject(self) -> None:
        """Escape does not leave the job half-way."""
