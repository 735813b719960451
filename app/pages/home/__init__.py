"""The Home page."""

from __future__ import annotations

from app.context import Context
from app.pages.home.page import HomePage
from app.pages.home.view_model import HomeViewModel


def make(context: Context) -> HomePage:
    """The page with its view-model."""
    return HomePage(HomeViewModel(context.bridge))
