"""A button for what is rarely wanted: its actions open below it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.icons import icon
from app.theme import theme
from app.widgets.buttons import PlainButton


class MenuButton(PlainButton):
    """Gone while none of its actions can be seen.

    Args:
        text: What it holds, for example `More`.
        parent: Owner.
    """

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, "ellipsis", parent)
        self.actions_menu = QMenu(self)
        self.actions_menu.setAccessibleName(text)
        self._icons: list[tuple[QAction, str]] = []
        self.clicked.connect(self._on_clicked)
        theme().changed.connect(self._recolour_actions)

    def add(self, text: str, icon_name: str, asked: Callable[[], object]) -> QAction:
        """Adds an action at the end; `asked` is called when it is chosen."""
        action = self.actions_menu.addAction(text)
        action.triggered.connect(asked)
        self._icons.append((action, icon_name))
        self._recolour_actions()
        return action

    def fit(self) -> None:
        """Shows the button if one of its actions can be chosen now."""
        self.setVisible(any(action.isVisible() for action, _name in self._icons))

    @Slot()
    def _on_clicked(self) -> None:
        """Opens below the button, at the end where it stands: it is the last of a row."""
        size = self.actions_menu.sizeHint()
        to_left = self.layoutDirection() == Qt.LayoutDirection.LeftToRight
        x = self.width() - size.width() if to_left else 0
        self.actions_menu.popup(self.mapToGlobal(QPoint(x, self.height() + 4)))

    @Slot()
    def _recolour_actions(self) -> None:
        for action, name in self._icons:
            action.setIcon(icon(name, theme().tokens.text, 16))
