"""Whether a resume of an ended run goes on where it was, or begins it anew."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.formats import count_text
from app.goes_on_text import goes_on_text
from app.widgets.card import Card
from core.jobs.goes_on import GoesOn
from core.workspace.records import Run


class StoppedCard(Card):
    """A sentence; of a stop while a teacher answered, how many of its answers are kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.hide()

    def show_run(self, run: Run, found: GoesOn | None) -> None:
        """Shows what a resume finds, or hides the card of a run that has none."""
        kept, wanted = run.result.get("answers_kept"), run.result.get("answers_wanted")
        self.setVisible(found is not None)
        if found is None:
            return
        by_a_person = run.state == "stopped" and run.result.get("end", "stopped") == "stopped"
        if not by_a_person or not isinstance(kept, int):
            self.set_title(goes_on_text(found))
            self.set_note("")
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
