"""A choice among few things, each explained on a card of its own."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.safety import safe_override
from app.theme import restyle
from app.tokens import SPACE_M, SPACE_S
from app.widgets.labels import Label
from app.widgets.pill import Pill, Tone


@dataclass(frozen=True)
class Choice:
    """One card.

    Attributes:
        key: What `chosen` says.
        title: The field's term.
        text: One or two plain sentences.
        pill: A word such as `Recommended`.
        tone: Tone of the pill.
        blocked: Why it cannot be chosen; shown in place of the text.
        hint: More about it, under the pointer and read aloud.
    """

    key: str
    title: str
    text: str
    pill: str = ""
    tone: Tone = "accent"
    blocked: str = ""
    hint: str = ""


class ChoiceCards(QWidget):
    """Radio cards side by side, fewer in a row where there is little room; arrow keys move between them.

    Args:
        name: What is chosen, read aloud.
        columns: Cards in a row, at most.
        parent: Owner.

    Signals:
        chosen: Another card is chosen, also by moving with the arrow keys.
        taken: A card was clicked, or Space was pressed on it: the person wants to go on with it.
    """

    chosen = Signal(str)
    taken = Signal(str)

    def __init__(self, name: str, columns: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._columns = columns
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_M)
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._on_toggled)
        self._group.idClicked.connect(self._on_clicked)
        self._cards: dict[str, _Card] = {}
        self._in_row = 0

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """As wide as the widest card."""
        return QSize(self._widest(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts as many cards in a row as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _widest(self) -> int:
        return max((card.minimumSizeHint().width() for card in self._cards.values()), default=0)

    def _arrange(self) -> None:
        fit = (self.width() + SPACE_M) // (self._widest() + SPACE_M)
        in_row = max(1, min(self._columns, fit))
        if in_row == self._in_row:
            return
        self._in_row = in_row
        for card in self._cards.values():
            self._grid.removeWidget(card)
        for index, card in enumerate(self._cards.values()):
            self._grid.addWidget(card, index // in_row, index % in_row)
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 1 if column < in_row else 0)

    def set_choices(self, choices: list[Choice], current: str = "") -> None:
        """Replaces all cards."""
        for card in self._cards.values():
            self._group.removeButton(card.radio)
            card.hide()
            card.deleteLater()
        self._cards = {}
        for index, choice in enumerate(choices):
            card = _Card(choice, self)
            self._cards[choice.key] = card
            self._group.addButton(card.radio, index)
        self._in_row = 0
        self._arrange()
        if current in self._cards:
            self.choose(current)

    @property
    def current(self) -> str:
        """Key of the chosen card, or an empty text."""
        return next((key for key, card in self._cards.items() if card.radio.isChecked()), "")

    def choose(self, key: str) -> None:
        """Chooses a card that is there and not blocked."""
        card = self._cards.get(key)
        if card is not None and card.radio.isEnabled():
            card.radio.setChecked(True)

    def _on_toggled(self, index: int, on: bool) -> None:
        for card in self._cards.values():
            card.restyle()
        if on:
            self.chosen.emit(list(self._cards)[index])

    def _on_clicked(self, index: int) -> None:
        key = list(self._cards)[index]
        if self._cards[key].radio.on_purpose:  # an arrow key clicks too, but only moves
            self.taken.emit(key)


class _Card(QFrame):
    def __init__(self, choice: Choice, parent: QWidget) -> None:
        super().__init__(parent)
        self.radio = _Radio(choice.title, self)
        self.radio.setAccessibleName(choice.title)
        self.radio.setAccessibleDescription(choice.blocked or f"{choice.text}\n{choice.hint}".strip())
        self.setToolTip(choice.hint)
        self.radio.setEnabled(not choice.blocked)
        font = self.radio.font()
        font.setWeight(font.Weight.DemiBold)
        self.radio.setFont(font)
        self.radio.focus_changed.connect(self.restyle)
        self._hovered = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 10, 14, 12)
        outer.setSpacing(SPACE_S - 2)
        head = QHBoxLayout()
        head.addWidget(self.radio)
        head.addStretch(1)
        if choice.pill:
            head.addWidget(Pill(choice.pill, choice.tone, self))
        outer.addLayout(head)
        text = Label(choice.blocked or choice.text, "muted", wrap=True)
        text.setEnabled(not choice.blocked)
        outer.addWidget(text)
        outer.addStretch(1)
        if not choice.blocked:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.restyle()

    def restyle(self) -> None:
        """Border and ground for chosen, under the pointer, focused."""
        if self.radio.isChecked():
            look = "focused" if self.radio.hasFocus() else "chosen"
        elif self._hovered and self.radio.isEnabled():
            look = "hover"
        else:
            look = "idle"
        restyle(self, choice=look)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the card chooses it."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.radio.on_purpose = True
            self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
            self.radio.click()
        super().mouseReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Lights the card up."""
        super().enterEvent(event)
        self._hovered = True
        self.restyle()

    def leaveEvent(self, event: QEvent) -> None:
        """Puts the light out."""
        super().leaveEvent(event)
        self._hovered = False
        self.restyle()


class _Radio(QRadioButton):
    focus_changed = Signal()
    on_purpose = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.on_purpose = True
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        group = self.group()
        for button in group.buttons() if group is not None else (self,):
            if isinstance(button, _Radio):
                button.on_purpose = False  # an arrow key clicks a neighbour
        self.on_purpose = event.key() == Qt.Key.Key_Space
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit()
