"""The last card before the start: the result's name, and what will happen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.formats import count_text
from app.models.library import DataItem
from app.pages.name_field import NameField
from app.widgets.card import Card, Facts


class CheckCard(Card):
    """Name of the result and the run in figures."""

    name_edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("Check and run"))
        self.name = NameField(self.tr("Name of the result"), self)
        self.name.edited.connect(self.name_edited)
        self.facts = Facts(self)
        self.add(self.name)
        self.add(self.facts)

    def show_run(self, name: str, blocker: str, data: DataItem | None, steps: int) -> None:
        """Shows the run as it would start now."""
        self.name.show_name(name, blocker)
        if data is None:
            return
        self.facts.set_fact(self.tr("Rows to learn from"), count_text(data.train))
        self.facts.set_fact(self.tr("Rows to watch while learning"), count_text(data.validation))
        self.facts.set_fact(self.tr("Rows kept for the final figure"), count_text(data.test))
        self.facts.set_fact(self.tr("Steps"), count_text(steps))
