"""Using a finished model on this computer."""

from __future__ import annotations

from app.context import Context
from app.pages.deploy.page import DeployPage
from app.pages.deploy.view_model import DeployViewModel


def make(context: Context) -> DeployPage:
    """The page with its view-model."""
    return DeployPage(DeployViewModel(context.bridge))
