"""The data sets: added from a file, looked at, removed."""

from __future__ import annotations

from app.context import Context
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.page import DataPage
from app.pages.data.view_model import DataViewModel


def make(context: Context) -> DataPage:
    """The page with its view-models."""
    return DataPage(DataViewModel(context.bridge), ImportViewModel(context.bridge))
