"""Turns the token table into a Fusion palette and the application's one style sheet, light or dark."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import platformdirs
from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from app.icons import write_for_sheet
from app.style_sheet import style_sheet
from app.tokens import DARK, FONT_TEXT, LIGHT, Tokens

ThemeName = Literal["system", "light", "dark"]
_FAMILIES = ["Noto Sans", "Noto Sans Hebrew", "Noto Sans Arabic", "Noto Sans Symbols 2", "Noto Sans Math"]


class Theme(QObject):
    """The theme in use; `theme()` gives the one of the application.

    Widgets that paint themselves read `tokens` in `paintEvent`; plots connect `changed`.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice: ThemeName = "system"
        self.tokens: Tokens = LIGHT
        self._own_folder: QTemporaryDir | None = None
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)

    def apply(self, choice: ThemeName) -> None:
        """Dresses the whole application."""
        self.choice = choice
        self.tokens = self._resolve(choice)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(palette(self.tokens))
        app.setStyleSheet(style_sheet(self.tokens, self._icons()))
        self.changed.emit()

    def _icons(self) -> dict[str, str]:
        """Files of the sheet's icons: in the user's cache, each written once, so that nothing piles up."""
        wanted = {
            "down": ("chevron-down", self.tokens.muted),
            "up": ("chevron-up", self.tokens.muted),
            "check": ("check", self.tokens.on_accent),
        }
        folder = platformdirs.user_cache_path("slm-workbench", appauthor=False) / "icons"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return write_for_sheet(folder, wanted)
        except OSError:  # a home that cannot be written
            self._own_folder = self._own_folder or QTemporaryDir()
            return write_for_sheet(Path(self._own_folder.path()), wanted)

    def _resolve(self, choice: ThemeName) -> Tokens:
        if choice == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if choice == "dark" else LIGHT

    def _on_system_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self.choice == "system":
            self.apply("system")


_theme: Theme | None = None


def theme() -> Theme:
    """The application's theme; made on first use, after the QApplication."""
    global _theme
    if _theme is None:
        _theme = Theme(QApplication.instance())
    return _theme


def tokens() -> Tokens:
    """Colours of the theme in use."""
    return theme().tokens


def palette(colours: Tokens) -> QPalette:
    """The Fusion palette of a theme."""
    result = QPalette()
    role = QPalette.ColorRole
    for target, value in (
        (role.Window, colours.background),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.background),
        (role.Text, colours.text),
        (role.Button, colours.surface),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.bad),
        (role.ToolTipBase, colours.surface),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Mid, colours.border),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Accent, colours.accent),
    ):
        result.setColor(target, QColor(value))
    for target in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.faint))
    return result


def load_fonts() -> QFont:
    """Registers the bundled faces and returns the application's font."""
    for item in files("resources.fonts").iterdir():
        if item.name.endswith(".ttf"):
            with as_file(item) as path:
                QFontDatabase.addApplicationFont(str(path))
    font = QFont(_FAMILIES)
    font.setPixelSize(FONT_TEXT)
    return font


def restyle(widget: QWidget, **properties: str | bool) -> None:
    """Sets dynamic properties that the style sheet reads and redraws the widget if one changed."""
    changed = False
    for name, value in properties.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)
        widget.update()
