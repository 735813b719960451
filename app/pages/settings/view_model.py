"""What the Settings page can change."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal

from app.settings import SettingsFile
from app.theme import ThemeName, theme
from core.jobs.sampling import cores


class SettingsViewModel(QObject):
    """Reads and changes the user's settings; every change is saved at once."""

    threads_error_changed = Signal(str)

    def __init__(self, settings: SettingsFile, workspace_root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.workspace_root = workspace_root

    @property
    def theme_choice(self) -> ThemeName:
        """system, light or dark."""
        return self._settings.values.theme

    def set_theme(self, choice: ThemeName) -> None:
        """Changes the look of the window at once."""
        self._settings.update(theme=choice)
        theme().apply(choice)

    @property
    def cores(self) -> int:
        """Processor cores that this program may use."""
        return cores()

    @property
    def threads_text(self) -> str:
        """The limit on cores as typed; empty means all."""
        threads = self._settings.values.threads
        return "" if threads is None else str(threads)

    def set_threads_text(self, text: str) -> None:
        """Takes what was typed; says what is wrong with it by `threads_error_changed`."""
        text = text.strip()
        try:
            self._settings.update(threads=int(text) if text else None)
        except (ValueError, ValidationError):
            self.threads_error_changed.emit(self.tr("Type a whole number from 1 up, or leave it empty."))
            return
        self.threads_error_changed.emit("")
