"""The library of models."""

from __future__ import annotations

from app.context import Context
from app.pages.models.page import ModelsPage
from app.pages.models.view_model import ModelsViewModel


def make(context: Context) -> ModelsPage:
    """The page with its view-model."""
    return ModelsPage(ModelsViewModel(context.bridge))
