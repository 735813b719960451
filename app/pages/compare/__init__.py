"""The trade-off board: which variant to take."""

from __future__ import annotations

from app.background import Background
from app.context import Context
from app.pages.compare.page import ComparePage
from app.pages.compare.view_model import CompareViewModel


def make(context: Context) -> ComparePage:
    """The page with its view-model."""
    return ComparePage(CompareViewModel(context.bridge, Background()))
