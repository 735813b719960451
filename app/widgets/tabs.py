"""A few words side by side of which one is chosen: what a card shows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from app.tokens import SPACE_L


class Tabs(QWidget):
    """Quiet tabs for the head of a card.

    Args:
        name: What is chosen, read aloud.
        titles: Title by key, in order; the first one is chosen.
        parent: Owner.
    """

    chosen = Signal(str)

    def __init__(self, name: str, titles: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_L)
        self._keys = list(titles)
        self._group = QButtonGroup(self)
        for index, title in enumerate(titles.values()):
            button = QPushButton(title, self)
            button.setProperty("look", "tab")
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            self._group.addButton(button, index)
            row.addWidget(button)
        row.addStretch(1)
        self.choose(self._keys[0])
        self._group.idClicked.connect(self._on_clicked)

    @property
    def current(self) -> str:
        """Key of the chosen tab."""
        return self._keys[self._group.checkedId()]

    def choose(self, key: str) -> None:
        """Chooses a tab without a signal."""
        self.button(key).setChecked(True)

    def button(self, key: str) -> QPushButton:
        """The button of a tab."""
        button = self._group.button(self._keys.index(key))
        assert isinstance(button, QPushButton)
        return button

    def _on_clicked(self, index: int) -> None:
        self.chosen.emit(self._keys[index])
