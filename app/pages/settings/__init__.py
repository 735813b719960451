"""The Settings page."""

from __future__ import annotations

from app.context import Context
from app.pages.settings.page import SettingsPage
from app.pages.settings.view_model import SettingsViewModel


def make(context: Context) -> SettingsPage:
    """The page with its view-model."""
    return SettingsPage(SettingsViewModel(context.settings, context.workspace.root))
