"""Offers to mend a model that rounding took away from its source, and says what mending brought."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from core.specs import QuantizeSpec
from core.workspace.records import Run

#: In nats a token; 8 bits stay well below.
_WORTH_IT = 0.05
#: Recipes that the builder rounds, or that are not rounded.
_CANNOT = ("int4", "fp32")


class HealingCard(Card):
    """One sentence and a button.

    Signals:
        heal_requested: Run it once more, mending what was rounded.
    """

    heal_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.heal_button = PlainButton(self.tr("Mend it"), parent=self)
        self.heal_button.clicked.connect(self.heal_requested)
        self.add(self.heal_button)
        self.hide()

    def show_run(self, run: Run) -> None:
        """Shows the offer or what came of it, or hides the card."""
        result = run.result if run.ended_at is not None and run.result else {}
        away, before, after = (result.get(name) for name in ("kl", "healed_from", "healed_to"))
        healed = isinstance(before, float) and isinstance(after, float)
        can = run.kind == QuantizeSpec.kind and run.spec.get("recipe") not in _CANNOT
        offer = can and not healed and isinstance(away, float) and away > _WORTH_IT
        if healed:
            self.set_title(self.tr("Mended"))
            text = self.tr("Rounded, it was {before} nats a token from its source; mended, it is {after}.")
            if after >= before:
                text = self.tr(
                    "Mending brought nothing ({before} to {after} nats a token), so it was rounded as it is."
                )
            self.set_note(text.format(before=f"{before:.3f}", after=f"{after:.3f}"))
        elif offer:
            self.set_title(self.tr("It can be mended"))
            self.set_note(
                self.tr(
                    "It answers {away} nats a token away from its source. A short distillation from the "
                    "unrounded model, with the rounding in the loop, brings it nearer. Takes minutes."
                ).format(away=f"{away:.2f}")
            )
        self.heal_button.setVisible(offer)
        self.setVisible(healed or offer)
