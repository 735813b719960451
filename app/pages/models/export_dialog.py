"""Asks how a model is written for other programs, and where the file goes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.dialogs.fitting import FittingDialog
from app.dialogs.head import begin
from app.formats import short_name
from app.models.library import ModelItem
from app.pages.path_field import PathField
from app.tokens import SPACE_L, SPACE_S
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label


class ExportDialog(FittingDialog):
    """Numbers and a folder.

    Args:
        item: The model.
        parent: The window.

    Signals:
        export_wanted: Id of the model, its numbers, and the folder.
    """

    export_wanted = Signal(str, str, str)

    def __init__(self, item: ModelItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item = item
        title = self.tr("Export “{name}” as GGUF").format(name=short_name(item.name))
        column = begin(self, title, 560)
        text = self.tr(
            "One file for llama.cpp, Ollama, LM Studio and their like. It is read again and compared with "
            "the model before it is copied."
        )
        column.addWidget(Label(text, "muted", wrap=True))
        self.numbers = ChoiceCards(self.tr("Numbers"), 1, self)
        self.numbers.set_choices(
            [
                Choice(
                    "q8_0",
                    self.tr("8 bit (Q8_0)"),
                    self.tr("Nearly free of loss."),
                    self.tr("Recommended"),
                ),
                Choice("q5_1", self.tr("5 bit (Q5_1)"), self.tr("Smaller; loses a little.")),
                Choice("q4_1", self.tr("4 bit (Q4_1)"), self.tr("The smallest; loses most.")),
                Choice(
                    "f16", self.tr("16 bit (F16)"), self.tr("Loses almost nothing; twice the size of 8 bit.")
                ),
            ],
            "q8_0",
        )
        column.addWidget(self.numbers)
        self.folder = PathField(self.tr("Into which folder?"), self)
        self.folder.ask_for(self.tr("Into which folder?"), folders=True)
        column.addWidget(self.folder)
        column.addSpacing(SPACE_L)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.export_button = PrimaryButton(self.tr("Export"), "download", self)
        self.export_button.clicked.connect(self._on_export)
        row.addWidget(self.cancel_button)
        row.addWidget(self.export_button)
        column.addLayout(row)
        self.folder.path_changed.connect(self._show)
        self.folder.line.textChanged.connect(self._show)
        self.finished.connect(self.deleteLater)
        self._show()
        self.fit_soon()

    @Slot()
    def _show(self) -> None:
        chosen = bool(self.folder.line.text().strip())
        self.export_button.block("" if chosen else self.tr("Choose a new or empty folder first"))

    @Slot()
    def _on_export(self) -> None:
        folder = Path(self.folder.line.text().strip()).expanduser().absolute()
        self.accept()
        self.export_wanted.emit(self._item.id, self.numbers.current, str(folder))
