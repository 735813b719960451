"""What a page says when it has nothing to show yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.icons import pixmap
from app.theme import theme
from app.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XXL
from app.widgets.buttons import LinkButton, PrimaryButton
from app.widgets.labels import Label


class EmptyState(QWidget):
    """What the page is for, and one button to begin.

    Args:
        icon_name: A large quiet icon.
        title: What is not here yet.
        text: What the page is for, in one or two sentences.
        action: Label of the button; none when empty.
        second: Label of a quiet second action; none when empty.
        parent: Owner.
    """

    action_requested = Signal()
    second_requested = Signal()

    def __init__(
        self,
        icon_name: str,
        title: str,
        text: str,
        action: str = "",
        second: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self.setMinimumHeight(360)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XXL, SPACE_XXL, SPACE_XXL, SPACE_XXL)
        column.setSpacing(SPACE_S)
        column.addStretch(1)
        self._picture = QLabel()
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(SPACE_S)
        self.title = Label(title, "heading")
        column.addWidget(self.title, 0, Qt.AlignmentFlag.AlignHCenter)
        self.text = Label(text, "muted", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text.setFixedWidth(460)
        self.text.setMinimumHeight(self.text.heightForWidth(460))
        column.addWidget(self.text, 0, Qt.AlignmentFlag.AlignHCenter)
        if action or second:
            column.addSpacing(SPACE_L)
            row = QHBoxLayout()
            row.setSpacing(SPACE_M)
            row.addStretch(1)
            if action:
                self.action_button = PrimaryButton(action, parent=self)
                self.action_button.clicked.connect(self.action_requested)
                row.addWidget(self.action_button)
            if second:
                self.second_button = LinkButton(second, parent=self)
                self.second_button.clicked.connect(self.second_requested)
                row.addWidget(self.second_button)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(2)
        theme().changed.connect(self._recolour)
        self._recolour()

    def _recolour(self) -> None:
        self._picture.setPixmap(pixmap(self._icon_name, theme().tokens.muted, 40))
