"""The wizard that teaches a small model what a large one knows."""

from __future__ import annotations

from app.context import Context
from app.pages.distill.page import DistillPage
from app.pages.distill.view_model import DistillViewModel


def make(context: Context) -> DistillPage:
    """The page with its view-model."""
    return DistillPage(DistillViewModel(context.bridge))
