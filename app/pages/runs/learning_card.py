"""Says calmly that a training learns by heart, and what becomes of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.pages.runs.run_view_model import Learning
from app.widgets.buttons import PlainButton
from app.widgets.card import Card


class LearningCard(Card):
    """One sentence on what the curves say, and one on what is kept.

    Signals:
        stop_requested: End here; what is kept is the best.
        again_requested: Run it once more, keeping the best.
    """

    stop_requested = Signal()
    again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.stop_button = PlainButton(self.tr("Stop and keep the best"), parent=self)
        self.stop_button.clicked.connect(self.stop_requested)
        self.again_button = PlainButton(self.tr("Run again, keeping the best"), parent=self)
        self.again_button.clicked.connect(self.again_requested)
        self.add(self.stop_button)
        self.add(self.again_button)
        self.hide()

    def show_learning(self, learning: Learning) -> None:
        """Shows what is known, or hides the card."""
        parts = []
        found, kept = learning.overfitting, learning.kept_step
        if found is not None:
            parts.append(
                self.tr(
                    "Since step {step} it gets better on what it has seen and worse on what it has not."
                ).format(step=found.since_step)
            )
        if learning.ended_early:
            parts.append(self.tr("It ended early, because the validation rows went no better."))
        if parts and kept is not None and not learning.is_running:
            parts.append(self.tr("The result is the model of step {step}.").format(step=kept))
        elif parts and kept is not None:
            parts.append(self.tr("The result will be the model of step {step}.").format(step=kept))
        elif found is not None and learning.is_running:
            parts.append(self.tr("The result will be the model of the last step."))
        elif found is not None:
            parts.append(self.tr("The result is the model of the last step."))
        self.set_title(self.tr("Learning by heart") if found is not None else self.tr("Ended early"))
        self.set_note(" ".join(parts))
        self.stop_button.setVisible(found is not None and learning.is_running and kept is not None)
        self.stop_button.setEnabled(learning.can_stop)
        self.again_button.setVisible(found is not None and kept is None and not learning.is_running)
        self.setVisible(bool(parts))
