"""The trade-off board: which variant to take."""

from __future__ import annotations

from app.background import Background
from app.context import Context


def make(context: Context) -> object:
    """The page with its view-model; the plot is imported here and not before."""
    from app.pages.compare.page import ComparePage
    from app.pages.compare.view_model import CompareViewModel

    return ComparePage(CompareViewModel(context.bridge, Background()))
