"""A row's text with what matters in it set off; painted, so that markup in it stays text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.safety import safe_override
from app.theme import tokens
from core.data.quality.findings import Mark

_LEAST_WIDTH = 120


class MarkedText(QWidget):
    """Plain text that wraps; marked parts have a ground, a line below and a heavier face.

    Args:
        text: The characters, as they are.
        marks: What matters, as offsets into the text.
        parent: Owner.
    """

    def __init__(self, text: str, marks: Sequence[Mark] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text.replace("\r", " ").replace("\n", "↵").replace("\u2028", "↵").replace("\t", " ")
        # Qt counts in UTF-16, where a character such as an emoji is two
        self.ranges = [
            (_units(text[: mark.start]), _units(text[mark.start : mark.end]))
            for mark in marks
            if mark.end > mark.start
        ]
        self.setAccessibleName(text)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """What is painted."""
        return self._text

    @safe_override(bool)
    def hasHeightForWidth(self) -> bool:
        """A narrow text is higher."""
        return True

    @safe_override(int)
    def heightForWidth(self, width: int) -> int:
        """The height of the wrapped lines."""
        return math.ceil(self._laid_out(width).boundingRect().height()) + 2

    @safe_override(QSize)
    def sizeHint(self) -> QSize:
        """As wide as a column of text."""
        return QSize(360, self.heightForWidth(360))

    @safe_override(QSize)
    def minimumSizeHint(self) -> QSize:
        """One line of a few words."""
        return QSize(_LEAST_WIDTH, self.fontMetrics().height() + 2)

    def _laid_out(self, width: int) -> QTextLayout:
        layout = QTextLayout(self._text, self.font(), self)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        layout.setTextOption(option)
        colours = tokens()
        formats = []
        for start, length in self.ranges:
            piece = QTextLayout.FormatRange()
            piece.start, piece.length = start, length
            look = QTextCharFormat()
            look.setBackground(QColor(colours.weak("warn")))
            look.setForeground(QColor(colours.text))
            look.setFontWeight(QFont.Weight.DemiBold)
            look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            look.setUnderlineColor(QColor(colours.warn))
            piece.format = look
            formats.append(piece)
        layout.setFormats(formats)
        layout.beginLayout()
        top = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, _LEAST_WIDTH))
            line.setPosition(QPointF(0, top))
            top += line.height()
        layout.endLayout()
        return layout

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines in the theme's colours."""
        painter = QPainter(self)
        painter.setPen(QColor(tokens().text))
        self._laid_out(self.width()).draw(painter, QPointF(0, 0))
        painter.end()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
