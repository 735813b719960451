"""The card that says what a data set holds, where it comes from, and what to do with it next."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.formats import breakable, count_text, rows_text, size_text
from app.models.library import DataItem
from app.models.lineage import Origin
from app.pages.data.task_text import task_text
from app.pages.origin_list import OriginList
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card, Facts
from app.widgets.labels import Line


class DetailsCard(Card):
    """Facts, origin, actions."""

    finetune_wanted = Signal()
    generate_wanted = Signal()
    run_wanted = Signal(str)
    vary_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.title_label.setWordWrap(True)
        self.facts = Facts(self)
        self.origins = OriginList(self)
        self.origins.run_requested.connect(self.run_wanted)
        self.finetune_button = PlainButton(self.tr("Fine-tune with it"), "graduation-cap", self)
        self.finetune_button.clicked.connect(self.finetune_wanted)
        self.generate_button = PlainButton(self.tr("Have a teacher answer them"), "file-text", self)
        self.generate_button.clicked.connect(self.generate_wanted)
        self.vary_button = PlainButton(self.tr("Add varied rows"), "plus", self)
        self.vary_button.clicked.connect(self.vary_wanted)
        self.remove_button = LinkButton(self.tr("Remove"), "trash-2", self)
        self.remove_button.clicked.connect(self.remove_wanted)
        for widget in (
            self.facts,
            Line(self),
            self.origins,
            Line(self),
            self.finetune_button,
            self.generate_button,
            self.vary_button,
            self.remove_button,
        ):
            self.add(widget)

    def show_data(self, item: DataItem, origins: list[Origin]) -> None:
        """Shows a data set."""
        self.set_title(breakable(item.name))
        self.set_note(task_text(item.task))
        self.facts.clear()
        parts = [
            (self.tr("To learn from"), item.train),
            (self.tr("To watch"), item.validation),
            (self.tr("For the test"), item.test),
        ]
        for name, count in parts if item.has_answers else [(self.tr("For a teacher"), item.train)]:
            self.facts.set_fact(name, rows_text(count))
        if item.labels:
            self.facts.set_fact(self.tr("Labels"), count_text(item.labels))
        else:
            self.facts.set_fact(self.tr("Labels"), self.tr("none"))
        if item.instruction:
            self.facts.set_fact(self.tr("Before every question"), breakable(item.instruction))
        self.vary_button.setVisible(item.has_answers and item.task != "pretraining")
        self.finetune_button.setVisible(item.has_answers)
        self.generate_button.setVisible(not item.has_answers)
        self.facts.set_fact(self.tr("On disk"), size_text(item.bytes))
        self.origins.show_origins(origins)
        self.remove_button.setAccessibleName(self.tr("Remove {name}").format(name=item.name))
