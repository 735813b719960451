"""Asks where the figures of a run go, and for what program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.pages.path_field import PathField
from app.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label


class ExportDialog(QDialog):
    """Format and folder; nothing that is there is written over.

    Signals:
        confirmed: The format, and the folder as typed or chosen.
    """

    confirmed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export figures"))
        self.setModal(True)
        self.setMinimumWidth(620)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_M)
        column.addWidget(Label(self.tr("Export figures"), "heading"))
        column.addWidget(
            Label(self.tr("Every curve of this run, for another program. Nothing is written over."), "muted")
        )
        self.formats = ChoiceCards(self.tr("Format"), 3, self)
        self.formats.set_choices(
            [
                Choice("tensorboard", "TensorBoard", self.tr("Curves and answers, for its viewer.")),
                Choice("csv", "CSV", self.tr("A row a step, for a spreadsheet.")),
                Choice("json", "JSON", self.tr("Everything, for a script.")),
            ],
            "tensorboard",
        )
        column.addWidget(self.formats)
        self.folder = PathField(self.tr("Folder"), self)
        self.folder.ask_for(self.tr("Folder"), folders=True)
        self.folder.show_path(str(Path.home()))
        self.folder.line.textChanged.connect(self._on_text_changed)
        column.addWidget(self.folder)
        column.addSpacing(SPACE_L)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.keep_button = PlainButton(self.tr("Cancel"), parent=self)
        self.keep_button.clicked.connect(self.reject)
        self.export_button = PrimaryButton(self.tr("Export"), parent=self)
        self.export_button.clicked.connect(self._on_export)
        row.addWidget(self.keep_button)
        row.addWidget(self.export_button)
        column.addLayout(row)
        self.finished.connect(self.deleteLater)

    def _on_text_changed(self, text: str) -> None:
        self.export_button.block("" if text.strip() else self.tr("Choose a folder first"))

    def _on_export(self) -> None:
        format, folder = self.formats.current, str(Path(self.folder.line.text().strip()).expanduser())
        self.accept()
        self.confirmed.emit(format, folder)
