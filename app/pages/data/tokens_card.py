"""The first rows as a chosen model would see them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.pages.data.fields import ChoiceField
from app.pages.data.view_model import DataViewModel
from app.pages.sees_card import SeesCard
from app.widgets.labels import Label


class TokensCard(SeesCard):
    """Which model, then the rows token by token; each model cuts text its own way."""

    def __init__(self, model: DataViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.set_title(self.tr("What a model sees"))
        self.learner = ChoiceField(self.tr("As it is seen by"), self)
        self.learner.chosen.connect(model.choose_learner)
        self.waiting = Label(self.tr("Cutting the first rows into tokens, about two seconds."), "muted")
        self.body.insertWidget(0, self.learner)
        self.add(self.waiting)
        self._choices: list[tuple[str, str]] = []

    def show_state(self) -> None:
        """Shows which models there are and what is known now."""
        model = self._model
        choices = [("", self.tr("Choose a model")), *model.learners]
        if choices != self._choices:
            self._choices = choices
            self.learner.set_choices(choices)
        self.learner.choose(model.learner)
        self.learner.setEnabled(len(choices) > 1)
        self.learner.set_note(
            "" if len(choices) > 1 else self.tr("There is no model that could learn from it yet.")
        )
        look = model.sees.look
        self.legend.setVisible(look is not None and bool(look.rows))
        self.waiting.setVisible(look is None and model.sees.spec is not None)
        self.show_sees((), look)
