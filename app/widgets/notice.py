"""A line that says what just happened, and goes by itself."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.tokens import SPACE_M
from app.widgets.buttons import IconButton, LinkButton
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.pill import Pill, Tone

_SHOWN_MS = 6000


class Notice(Card):
    """At most one message and one action above the job bar; errors stay until closed."""

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._outer.setContentsMargins(SPACE_M, 6, 6, 6)
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        self.pill = Pill(parent=self)
        self.message = Label("", wrap=True)
        self.action_button = LinkButton("", parent=self)
        self.action_button.clicked.connect(self.action_requested)
        close = IconButton(self.tr("Close this message"), "x", self)
        close.clicked.connect(self.hide)
        row.addWidget(self.pill)
        row.addWidget(self.message, 1)
        row.addWidget(self.action_button)
        row.addWidget(close)
        self.add(row)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_message(self, text: str, *, word: str, tone: Tone = "accent", action: str = "") -> None:
        """Shows a message.

        Args:
            text: One sentence.
            word: The pill's word, for example `Done`.
            tone: `bad` and `warn` stay until they are closed.
            action: Label of an action; `action_requested` follows a click.
        """
        self.pill.show_status(word, tone)
        self.message.setText(text)
        self.action_button.setText(action)
        self.action_button.setVisible(bool(action))
        self.show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{word}. {text}"))
        if tone in ("bad", "warn"):
            self._timer.stop()
        else:
            self._timer.start()
