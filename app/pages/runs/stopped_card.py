"""What a run that was stopped before it made anything has kept, and how it goes on."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.formats import count_text
from app.widgets.card import Card
from core.workspace.records import Run


class StoppedCard(Card):
    """Two sentences about the answers of a teacher, which a resume does not ask for again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.hide()

    def show_run(self, run: Run) -> None:
        """Shows what is kept, or hides the card for every other run."""
        kept, wanted = run.result.get("answers_kept"), run.result.get("answers_wanted")
        by_a_person = run.state == "stopped" and run.result.get("end", "stopped") == "stopped"
        self.setVisible(by_a_person and isinstance(kept, int))
        if not isinstance(kept, int):
            return
        title = self.tr("Answers of the teacher that are kept: {kept}")
        if isinstance(wanted, int):
            title = self.tr("Answers of the teacher that are kept: {kept} of {wanted}")
        self.set_title(
            title.format(kept=count_text(kept), wanted=count_text(wanted) if isinstance(wanted, int) else "")
        )
        self.set_note(
            self.tr("Resume goes on without asking again.")
            if kept == wanted
            else self.tr("Resume asks only for what is missing.")
        )
