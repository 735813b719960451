"""A box to tick whose name may be longer than its line."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

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
        hint = super().sizeHint()
        wanted = self.fontMetrics().horizontalAdvance(short_name(self._name))
        return QSize(hint.width() - self._shown_width() + wanted, hint.height())

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), _LEAST_WIDTH), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shortens the name to the new width."""
        super().resizeEvent(event)
        beside = super().sizeHint().width() - self._shown_width()
        metrics, name = self.fontMetrics(), short_name(self._name)
        self._show(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(0, self.width() - beside)))

    def _shown_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.text().replace("&&", "&"))

    def _show(self, text: str) -> None:
        if text.replace("&", "&&") != self.text():
            self.setText(text.replace("&", "&&"))
        self.setToolTip(self._name if text != self._name else "")
