"""The QApplication: fonts, Fusion, theme, and a last stop for errors nobody expected."""

from __future__ import annotations

import collections
import faulthandler
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import IO

import platformdirs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog

from app import i18n
from app.settings import SettingsFile
from app.theme import load_fonts, theme
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError

_log = logging.getLogger(__name__)


class Application(QApplication):
    """One a process. Errors from any thread are queued and shown on the GUI thread, each kind once."""

    def __init__(self, argv: list[str], settings: SettingsFile) -> None:
        super().__init__(argv)
        self.setApplicationName("slm-workbench")
        self.setApplicationDisplayName("SLM Workbench")
        self.setDesktopFileName("slm-workbench")
        self.setStyle("Fusion")
        self.setFont(load_fonts())
        i18n.install(self, settings.values.language)
        theme().apply(settings.values.theme)
        self._errors: collections.deque[ErrorText] = collections.deque(maxlen=20)
        self._shown: set[str] = set()
        self._dialog: QDialog | None = None  # kept here: without a parent nothing else would own it
        self._fault_log: IO[str] | None = None
        self._error_timer = QTimer(self)
        self._error_timer.setInterval(250)
        self._error_timer.timeout.connect(self.show_next_error)
        self._error_timer.start()

    def guard(self) -> None:
        """Takes over what Python does with unexpected errors, and leaves a trace of native crashes."""
        sys.excepthook = self.on_exception
        threading.excepthook = self._on_thread_exception
        folder = platformdirs.user_log_path("slm-workbench", appauthor=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fault_log = open(folder / "crash.log", "a", encoding="utf-8")  # noqa: SIM115 - lives as we do
            faulthandler.enable(self._fault_log)
        except OSError as error:
            _log.warning("no crash log: %s", error)

    def on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Queues an error; called on whatever thread it happened on, so it touches no widget."""
        if issubclass(kind, KeyboardInterrupt):  # Ctrl-C in the terminal: the window asks as for its cross
            QTimer.singleShot(0, self.closeAllWindows)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _log.error("unexpected error\n%s", details)
        if isinstance(error, WorkbenchError):
            self._errors.append(ErrorText.of(error))
            return
        self._errors.append(
            ErrorText(
                self.tr("Something in the window went wrong."),
                self.tr("{kind}: {text}").format(kind=kind.__name__, text=error),
                self.tr("Your work and running jobs are not touched. Send the report if it comes again."),
                details,
            )
        )

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def show_next_error(self) -> None:
        """Opens the dialog for the oldest queued error that was not shown before."""
        if self._dialog is not None or not self._errors:
            return
        error = self._errors.popleft()
        key = error.details or error.what
        if key in self._shown:
            return
        self._shown.add(key)
        from app.dialogs.error import ErrorDialog

        self._dialog = ErrorDialog(error, self.activeWindow())
        self._dialog.finished.connect(self._on_error_closed)
        self._dialog.open()

    def _on_error_closed(self, _result: int) -> None:
        self._dialog = None
