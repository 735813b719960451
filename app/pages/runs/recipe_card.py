"""The card of the recipe that is at work, or has just ended."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from app.recipe_runner import RecipeState
from app.widgets.buttons import IconButton, LinkButton, PlainButton
from app.widgets.card import Card
from app.widgets.pill import Pill


class RecipeCard(Card):
    """Step x of y and the way to its run; after a bad end why, and the way to go on.

    Signals:
        run_requested: Id of the run of the step at work.
        again_requested: The recipe is to be gone on with.
        close_requested: The person has read how it ended.
    """

    run_requested = Signal(str)
    again_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._run_id = ""
        self.pill = Pill(parent=self)
        self.link = LinkButton(self.tr("Open run"), parent=self)
        self.link.clicked.connect(self._on_link)
        self.again_button = PlainButton(self.tr("Go on…"), "play", self)
        self.again_button.clicked.connect(self.again_requested)
        self.close_button = IconButton(self.tr("Close"), "x", self)
        self.close_button.clicked.connect(self.close_requested)
        for widget in (self.pill, self.link, self.again_button, self.close_button):
            self.add_action(widget)
        self.hide()

    def show_recipe(self, state: RecipeState | None) -> None:
        """Shows how far a recipe is, or hides the card."""
        self.setVisible(state is not None)
        if state is None:
            return
        self._run_id = state.run_id
        at_work, broken = state.phase == "at_work", state.phase == "broken"
        self.set_kind("bad" if broken else "accent")
        self.link.setVisible(bool(state.run_id))
        self.again_button.setVisible(broken)
        self.close_button.setVisible(not at_work)
        if state.error is not None:
            self.pill.show_status(self.tr("Ended early"), "bad")
            self.set_title(state.error.what)
            self.set_note("\n".join(filter(None, (state.error.why, state.error.fix))))
            return
        self.set_title(self.tr("Recipe “{title}”").format(title=state.title))
        if at_work:
            self.pill.show_status(self.tr("At work"), "accent")
            text = self.tr("Step {number} of {total}: {step}").format(
                number=state.number, total=state.total, step=state.step
            )
            self.set_note(text if state.step else self.tr("Looking at what is here already"))
        else:
            self.pill.show_status(self.tr("Finished"), "good")
            self.set_note(self.tr("Everything it makes is here (steps: {total}).").format(total=state.total))

    @Slot()
    def _on_link(self) -> None:
        self.run_requested.emit(self._run_id)
