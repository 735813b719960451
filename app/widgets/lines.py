"""A column of rows that are replaced all at once."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.tokens import SPACE_S


class Lines(QVBoxLayout):
    """Rows below each other, such as the warnings of a check."""

    def __init__(self) -> None:
        super().__init__()
        self.setSpacing(SPACE_S)

    def replace(self, rows: Iterable[QWidget]) -> None:
        """Shows these rows in place of the ones before."""
        while self.count():
            item = self.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        for row in rows:
            self.addWidget(row)
