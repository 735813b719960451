"""A box to tick whose name may be longer than its line."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QStyle, QStyleOptionButton, QWidget

from app.formats import short_name
from app.safety import safe_override
from app.tokens import CONTROL_HEIGHT

#: Room for the box itself and a few letters.
_LEAST_WIDTH = 140


class ElidedCheckBox(QCheckBox):
    """Leaves out the middle of a long name, more of it where there is little room; the whole is its tooltip.

    Args:
        name: What is ticked, as a person called it.
        parent: Owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setAccessibleName(name)
        self.setMinimumHeight(CONTROL_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._show(short_name(name))

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """As wide as the name on a card, whatever is shown now."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = _escaped(short_name(self._name))
        text = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, option.text)
        return self.style().sizeFromContents(QStyle.ContentsType.CT_CheckBox, option, text, self)

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), _LEAST_WIDTH), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shortens the name to the new width."""
        super().resizeEvent(event)
        name, missing = short_name(self._name), self.sizeHint().width() - self.width()
        if missing > 0:
            room = self.fontMetrics().horizontalAdvance(name) - missing
            name = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, max(0, room))
        self._show(name)

    def _show(self, text: str) -> None:
        if _escaped(text) != self.text():
            self.setText(_escaped(text))
        self.setToolTip(self._name if text != self._name else "")


def _escaped(text: str) -> str:
    """No letter of a name is a key to press."""
    return text.replace("&", "&&")
