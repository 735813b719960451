"""The rows of the first step as the model was given them, token by token."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.models.token_rows import TokenRow
from app.widgets.buttons import LinkButton
from app.widgets.card import Card
from app.widgets.token_rows import TokenRows
from app.widgets.token_text import TokenLegend

_MOST_ROWS = 8


class BatchCard(Card):
    """Closed at first, so that the page stays calm."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("The first batch, as the model saw it"))
        self.legend = TokenLegend(self)
        self.toggle = LinkButton("", "chevron-right", self)
        self.toggle.clicked.connect(self._on_toggled)
        self.add_action(self.legend)
        self.add_action(self.toggle)
        self.rows = TokenRows(self.tr("The first batch"), self)
        self.add(self.rows)
        self._rows: tuple[TokenRow, ...] = ()
        self._open = False
        self._show()
        self.hide()

    def begin(self) -> None:
        """Closes it for another run."""
        self._open = False
        self._rows = ()
        self._show()
        self.hide()

    def show_rows(self, rows: tuple[TokenRow, ...]) -> None:
        """Takes the rows of a batch; hidden without any."""
        if rows != self._rows:
            self._rows = rows
            self._show()
        self.setVisible(bool(rows))

    @Slot()
    def _on_toggled(self) -> None:
        self._open = not self._open
        self._show()

    def _show(self) -> None:
        self.toggle.set_icon_name("chevron-down" if self._open else "chevron-right")
        self.toggle.setText(self.tr("Hide") if self._open else self.tr("Show"))
        name = self.tr("Hide the first batch") if self._open else self.tr("Show the first batch")
        self.toggle.setAccessibleName(name)
        self.legend.setVisible(self._open)
        self.rows.setVisible(self._open)
        self.rows.show_rows(self._rows[:_MOST_ROWS] if self._open else ())
