"""A small table of figures inside a card: names at the start, figures at the end of their columns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.formats import breakable
from app.tokens import SPACE_L, SPACE_S
from app.widgets.labels import Label

_LONGEST_WORD = 14


class FigureTable(QWidget):
    """Cells wrap where the card is narrow, so that no figure is cut off.

    Args:
        rows: Texts row by row; the first row heads the columns, the first text of a row names it.
        tips: What a heading means, by its column.
        parent: Owner.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        tips: dict[int, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_S)
        for row, cells in enumerate(rows):
            for place, text in enumerate(cells):
                shown = text if place else breakable(text, _LONGEST_WORD)
                label = Label(shown, "muted" if row == 0 else "", wrap=True)
                side = Qt.AlignmentFlag.AlignRight if place else Qt.AlignmentFlag.AlignLeft
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if row == 0:
                    label.setToolTip((tips or {}).get(place, ""))
                grid.addWidget(label, row, place)
        for place in range(max(map(len, rows), default=0)):
            grid.setColumnStretch(place, 2 if place else 3)
