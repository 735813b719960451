"""Text as a model sees it: what it is given, and what it learns to say."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from app.theme import theme
from app.tokens import mix


@dataclass(frozen=True)
class TextPart:
    """A piece of the rendered row.

    Attributes:
        text: The characters, as they are.
        learnt: Whether the model learns to write it.
        marker: Whether it is one of the template's control tokens.
        id: The token's number; with one, the part is a token, told from its neighbours by its ground.
    """

    text: str
    learnt: bool = False
    marker: bool = False
    id: int | None = None


class TokenText(QLabel):
    """Monospaced text in which learnt parts have a ground and a line below; always left to right."""

    _LINE_PERCENT = 150

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setProperty("role", "mono")
        self.setAccessibleName(name)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self.linkHovered.connect(self._on_hovered)
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
        for at, part in enumerate(self._parts):
            text = escape(part.text).replace("\n", "↵<br>")
            style = f"color:{colours.muted};" if part.marker else f"color:{colours.text};"
            style += f"text-decoration:{'underline' if part.learnt else 'none'};"
            odd = part.id is not None and at % 2 == 1
            if part.learnt:
                ground = mix(colours.accent, colours.accent_weak, 0.18) if odd else colours.accent_weak
                style += f"background-color:{ground};"
            elif odd:
                style += f"background-color:{mix(colours.text, colours.surface, 0.08)};"
            if part.id is None:
                pieces.append(f'<span style="{style}">{text}</span>')
            else:  # only a link says that the pointer is over it
                pieces.append(f'<a href="{part.id}" style="{style}">{text}</a>')
        style = f"line-height:{self._LINE_PERCENT}%;white-space:pre-wrap"
        self.setText(f'<div style="{style}">{"".join(pieces)}</div>')

    @Slot(str)
    def _on_hovered(self, id: str) -> None:
        if id:
            QToolTip.showText(QCursor.pos(), self.tr("token {id}").format(id=id), self)
        else:
            QToolTip.hideText()


class TokenLegend(TokenText):
    """What the looks of `TokenText` mean, each in its own look."""

    _LINE_PERCENT = 100  # the room between lines would lift a single one above the title beside it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setAccessibleName(self.tr("Legend"))
        self.setWordWrap(False)
        self.setToolTip(
            self.tr(
                "Learnt: the model learns to say this.\nGiven: it reads this and learns nothing from it.\n"
                "Control: the chat template's own signs."
            )
        )
        gap = TextPart("   ")
        learnt, given, control = self.tr("learnt"), self.tr("given"), self.tr("control")
        self.set_parts(
            [TextPart(learnt, learnt=True), gap, TextPart(given), gap, TextPart(control, marker=True)]
        )
