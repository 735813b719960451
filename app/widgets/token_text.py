"""Text as a model sees it: what it is given, and what it learns to say."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.theme import theme


@dataclass(frozen=True)
class TextPart:
    """A piece of the rendered row.

    Attributes:
        text: The characters, as they are.
        learnt: Whether the model learns to write it.
        marker: Whether it is one of the template's control tokens.
    """

    text: str
    learnt: bool = False
    marker: bool = False


class TokenText(QLabel):
    """Monospaced text in which learnt parts have a ground and a line below; always left to right."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setProperty("role", "mono")
        self.setAccessibleName(name)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._parts: list[TextPart] = []
        theme().changed.connect(self._render)

    def set_parts(self, parts: list[TextPart]) -> None:
        """Shows a row; every character is escaped, so that markup in it stays text."""
        self._parts = parts
        self.setAccessibleDescription("".join(part.text for part in parts))
        self._render()

    def _render(self) -> None:
        colours = theme().tokens
        pieces = []
        for part in self._parts:
            text = escape(part.text).replace("\n", "↵<br>")
            style = f"color:{colours.muted};" if part.marker else f"color:{colours.text};"
            if part.learnt:
                style += f"background-color:{colours.accent_weak};text-decoration:underline;"
            pieces.append(f'<span style="{style}">{text}</span>')
        self.setText(f'<div style="line-height:150%">{"".join(pieces)}</div>')
