"""A status in one or two words, with a sign, so that colour is never alone."""

from __future__ import annotations

from typing import Literal

from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import restyle
from app.widgets.labels import Label

Tone = Literal["accent", "good", "warn", "bad", "muted"]
_SIGNS: dict[str, str] = {"good": "✓", "warn": "⚠", "bad": "✗"}


class Pill(Label):
    """A rounded word such as `Training`, `✓ It fits` or `⚠ 12 near-duplicates`."""

    def __init__(self, text: str = "", tone: Tone = "accent", parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.setProperty("pill", True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_status(text, tone)

    def show_status(self, text: str, tone: Tone) -> None:
        """Changes word and tone; good, warn and bad carry a sign before the word."""
        self.tone = tone
        sign = _SIGNS.get(tone, "")
        self.setText(f"{sign} {text}" if sign and text else text)
        self.setAccessibleName(text)
        restyle(self, tone=tone)
