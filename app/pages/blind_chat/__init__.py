"""A blind chat with two models: the same question to both, a vote, and only then their names."""

from __future__ import annotations

from app.context import Context
from app.pages.blind_chat.page import BlindChatPage
from app.pages.blind_chat.view_model import BlindChatViewModel


def make(context: Context) -> BlindChatPage:
    """The page with its view-model."""
    return BlindChatPage(BlindChatViewModel(context.bridge))
