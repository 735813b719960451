"""The yes before anything leaves this computer, for every page that sends something."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.pages.generate.dialogs import SendDialog, kept_text
from app.pages.generate.trial_model import Question


class Consent(QObject):
    """Asks for one page at a time what may be sent.

    Args:
        page: Whose window the question stands over.

    Signals:
        agreed: The `Question` that was agreed to, and a key that was typed for it, or an empty text.
        noticed: What became of a key, and the tone in which to say it.
    """

    agreed = Signal(object, str)
    noticed = Signal(str, str)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._question: Question | None = None

    def ask(self, question: Question, *, answered: bool = False, also: str = "") -> None:
        """Opens the question; nothing happens unless the person agrees.

        Args:
            question: What would be sent.
            answered: Whether a preview's answers are taken over.
            also: What else is sent, in a sentence.
        """
        self._question = question
        dialog = SendDialog(question, answered, self._page.window(), also=also)
        dialog.confirmed.connect(self._on_confirmed)
        dialog.open()

    @Slot(str)
    def _on_confirmed(self, key: str) -> None:
        self.agreed.emit(self._question, key)

    @Slot(bool)
    def say_kept(self, lasts: bool) -> None:
        """A typed key was kept, in the system's keyring or until the program is closed."""
        self.noticed.emit(kept_text(lasts), "good" if lasts else "warn")
