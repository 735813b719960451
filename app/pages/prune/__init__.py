"""The wizard that cuts a smaller model out of a model."""

from __future__ import annotations

from app.context import Context
from app.pages.prune.page import PrunePage
from app.pages.prune.view_model import PruneViewModel


def make(context: Context) -> PrunePage:
    """The page with its view-model."""
    return PrunePage(PruneViewModel(context.bridge, context.recipes))
