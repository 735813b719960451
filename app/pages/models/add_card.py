"""The card in which a model is taken into the library."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.pages.models.view_model import ModelsViewModel
from app.pages.name_field import NameField
from app.pages.path_field import PathField
from app.widgets.buttons import IconButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards


class AddCard(Card):
    """Where it comes from, its name, and the button that adds it."""

    close_requested = Signal()

    def __init__(self, model: ModelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self.set_title(self.tr("Add a model"))
        self.set_note(self.tr("It is copied, checked and tried before it counts. Nothing is downloaded."))
        close = IconButton(self.tr("Close"), "x", self)
        close.clicked.connect(self.close_requested)
        self.add_action(close)
        self.sources = ChoiceCards(self.tr("Where it comes from"), 3, self)
        self.sources.set_choices(
            [
                Choice(
                    "starter",
                    self.tr("Starter model"),
                    self.tr("SmolLM2-135M-Instruct, small enough for any laptop. Comes with the program."),
                    pill=self.tr("Quick"),
                ),
                Choice(
                    "folder",
                    self.tr("Model folder"),
                    self.tr("A transformers folder with config.json and .safetensors weights."),
                ),
                Choice("file", self.tr("GGUF file"), self.tr("One .gguf file; it is converted once.")),
            ],
            model.source,
        )
        self.sources.chosen.connect(model.choose_source)
        self.path = PathField(self.tr("Folder"), self)
        self.path.path_changed.connect(model.set_path)
        self.name = NameField(self.tr("Name"), self)
        self.name.edited.connect(model.set_name)
        self.add_button = PrimaryButton(self.tr("Add model"), parent=self)
        self.add_button.clicked.connect(model.add)
        for widget in (self.sources, self.path, self.name):
            self.add(widget)
        foot = QHBoxLayout()
        foot.addWidget(self.add_button)
        foot.addStretch(1)
        self.add(foot)

    def show_state(self) -> None:
        """Shows what is chosen and what blocks the button."""
        model = self._model
        if self.sources.current != model.source:
            self.sources.choose(model.source)
        folders = model.source == "folder"
        self.path.setVisible(model.source != "starter")
        self.path.ask_for(
            self.tr("Folder") if folders else self.tr("File"),
            folders=folders,
            filter=self.tr("GGUF models (*.gguf)"),
        )
        blocker = model.blocker
        missing = self.tr("There is no such folder.") if folders else self.tr("There is no such file.")
        self.path.show_path(model.path, missing if blocker == "path_missing" else "")
        self.name.show_name(model.name, blocker)
        choose = self.tr("Choose a folder first") if folders else self.tr("Choose a file first")
        self.add_button.block(
            {
                "": "",
                "path": choose,
                "path_missing": choose,
                "name": self.tr("Choose another name first"),
                "name_taken": self.tr("Choose a free name first"),
            }[blocker]
        )
