"""The wizard that teaches a model from examples."""

from __future__ import annotations

from app.context import Context
from app.pages.finetune.page import FinetunePage
from app.pages.finetune.view_model import FinetuneViewModel


def make(context: Context) -> FinetunePage:
    """The page with its view-model."""
    return FinetunePage(FinetuneViewModel(context.bridge))
