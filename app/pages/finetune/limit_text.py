"""That a training's passes end before the steps that were asked for, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import number_text
from core.models.fit.forecast import Forecast
from core.specs.training import MOST_EPOCHS


def short_of_limit(said: Forecast) -> str:
    """What to say; empty where the limit is reached, or was not set."""
    plan = said.need.plan
    if plan.epochs_for_limit is None:
        return ""
    ends = QCoreApplication.translate(
        "FinetunePage", "The passes end after {steps} steps, before the step limit of {limit}."
    ).format(steps=number_text(plan.steps), limit=number_text(plan.limit or 0))
    if plan.epochs_for_limit > MOST_EPOCHS:
        helps = QCoreApplication.translate("FinetunePage", "Smaller batches make more steps.")
    else:
        helps = QCoreApplication.translate("FinetunePage", "Set {epochs} passes to reach it.").format(
            epochs=number_text(plan.epochs_for_limit)
        )
    return f"{ends} {helps}"
