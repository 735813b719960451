"""The turns of a conversation, as plain text; the newest stays in view."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.formats import breakable, short_name
from app.tokens import SPACE_L, SPACE_XS
from app.widgets.labels import Label


class Transcript(QScrollArea):
    """A scrolling column of turns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Conversation"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(220)
        inside = QWidget()
        inside.setObjectName("scroll_body")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 10, 0)
        self._column.setSpacing(SPACE_L)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.turns: list[TurnView] = []
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)

    def show_turns(self, turns: list[dict[str, str]], model_name: str) -> None:
        """Shows the conversation; only what is different changes."""
        while len(self.turns) > len(turns):
            old = self.turns.pop()
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        for place, turn in enumerate(turns):
            if place == len(self.turns):
                view = TurnView(self)
                self._column.insertWidget(self._column.count() - 1, view)
                self.turns.append(view)
            who = self.tr("You") if turn["role"] == "user" else model_name
            self.turns[place].show_turn(who, turn["content"])

    @Slot(int, int)
    def _on_range_changed(self, _least: int, most: int) -> None:
        self.verticalScrollBar().setValue(most)


class TurnView(QWidget):
    """Who, and what was said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.who = Label("", "note")
        self.text = Label("", wrap=True, selectable=True)
        column.addWidget(self.who)
        column.addWidget(self.text)

    def show_turn(self, who: str, text: str) -> None:
        """Changes the turn."""
        self.who.setText(short_name(who))
        self.text.setText(breakable(text, 48) or "…")
        self.text.setAccessibleName(f"{who}: {text}")
