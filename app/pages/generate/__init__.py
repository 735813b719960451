"""The wizard in which a teacher writes examples."""

from __future__ import annotations

from app.context import Context
from app.pages.generate.page import GeneratePage
from app.pages.generate.view_model import GenerateViewModel


def make(context: Context) -> GeneratePage:
    """The page with its view-model."""
    return GeneratePage(GenerateViewModel(context.bridge))
