"""Look, processor use, and where the work lives."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QWidget

from app.pages.settings.view_model import SettingsViewModel
from app.theme import ThemeName, restyle
from app.tokens import CONTROL_HEIGHT
from app.widgets.buttons import PlainButton
from app.widgets.card import Card, Facts
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame

_FIELD_WIDTH = 240


class SettingsPage(PageFrame):
    """The user's own settings; nothing here changes what a job does twice with the same spec."""

    def __init__(self, view_model: SettingsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Settings"), self.tr("Yours alone: no workspace and no recipe carries them."))
        view_model.setParent(self)
        self._model = view_model
        self.add(self._look())
        self.add(self._processor())
        self.add(self._workspace())

    def _look(self) -> Card:
        card = Card(self.tr("Look"))
        self.themes = ChoiceCards(self.tr("Look of the window"), 3)
        self.themes.set_choices(
            [
                Choice(
                    "system", self.tr("Like the system"), self.tr("Follows what you chose for your desktop.")
                ),
                Choice("light", self.tr("Light"), self.tr("Dark text on a light ground.")),
                Choice("dark", self.tr("Dark"), self.tr("Light text on a dark ground.")),
            ],
            self._model.theme_choice,
        )
        self.themes.chosen.connect(self._on_theme_chosen)
        card.add(self.themes)
        return card

    def _processor(self) -> Card:
        card = Card(
            self.tr("Processor cores for a job"),
            self.tr("Fewer keep the computer quicker for other work; a job then takes longer."),
        )
        self.threads = QLineEdit(self._model.threads_text)
        self.threads.setPlaceholderText(self.tr("all {count}").format(count=self._model.cores))
        self.threads.setAccessibleName(self.tr("Processor cores for a job"))
        self.threads.setFixedWidth(_FIELD_WIDTH)
        self.threads.setMinimumHeight(CONTROL_HEIGHT)
        self.threads.textEdited.connect(self._model.set_threads_text)
        self.threads_error = Label("", "error", wrap=True)
        self.threads_error.hide()
        self._model.threads_error_changed.connect(self._on_threads_error_changed)
        card.add(self.threads)
        card.add(self.threads_error)
        return card

    def _workspace(self) -> Card:
        card = Card(
            self.tr("Where your work lives"),
            self.tr("Data, models and runs stay in this folder on your computer."),
        )
        folder = PlainButton(self.tr("Open folder"), "folder-open")
        folder.clicked.connect(self._on_open_folder)
        card.add_action(folder)
        facts = Facts()
        facts.set_fact(self.tr("Folder"), str(self._model.workspace_root))
        card.add(facts)
        return card

    def _on_theme_chosen(self, choice: ThemeName) -> None:
        self._model.set_theme(choice)

    def _on_threads_error_changed(self, text: str) -> None:
        self.threads_error.setText(text)
        self.threads_error.setVisible(bool(text))
        restyle(self.threads, invalid=bool(text))

    def _on_open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._model.workspace_root)))
