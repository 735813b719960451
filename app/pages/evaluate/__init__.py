"""The wizard that measures models side by side."""

from __future__ import annotations

from app.context import Context
from app.pages.evaluate.page import EvaluatePage
from app.pages.evaluate.view_model import EvaluateViewModel


def make(context: Context) -> EvaluatePage:
    """The page with its view-model."""
    return EvaluatePage(EvaluateViewModel(context.bridge))
