"""Translations and reading direction.

Strings are literals in `self.tr("…")` with `.format(name=…)` after. A translation whose placeholders differ
from its source is refused when it is looked up, so that a bad translation can never crash the window.
"""

from __future__ import annotations

import logging
import string
from importlib.resources import as_file, files

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication

from app.safety import safe_override

_log = logging.getLogger(__name__)
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he"})
#: Languages the program can show, by code, each named in itself.
LANGUAGES = {"en": "English"}


def placeholders(text: str) -> frozenset[str]:
    """Names between braces in a text, and `%n`.

    Raises:
        ValueError: The braces do not pair up.
    """
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    if "%n" in text:
        names.add("%n")
    return frozenset(names)


def fits(source: str, translation: str) -> bool:
    """Whether a translation can stand in for its source."""
    try:
        return placeholders(source) == placeholders(translation)
    except ValueError:
        return source == translation


class GuardedTranslator(QTranslator):
    """Drops translations that would break `.format`."""

    @safe_override(str)
    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        """The translation, or an empty text, which makes Qt show the source."""
        text = super().translate(context, source, disambiguation or "", n)
        if text and not fits(source, text):
            _log.warning("translation refused, placeholders differ: %r -> %r", source, text)
            return ""
        return text or ""


def direction_of(language: str) -> Qt.LayoutDirection:
    """Reading direction of a language code."""
    if language.split("_")[0] in _RIGHT_TO_LEFT:
        return Qt.LayoutDirection.RightToLeft
    return Qt.LayoutDirection.LeftToRight


def install(app: QApplication, language: str) -> None:
    """Loads our own and Qt's translations and sets the direction explicitly.

    Loading Qt's Arabic, Persian or Hebrew file flips the direction by itself; we do not rely on it.
    """
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.deleteLater()
    QLocale.setDefault(QLocale(language))
    if language != "en":
        qt = QTranslator(app)
        if qt.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(qt)
        ours = GuardedTranslator(app)
        resource = files("resources.i18n").joinpath(f"slm_workbench_{language}.qm")
        if resource.is_file():
            with as_file(resource) as path:
                if ours.load(str(path)):
                    app.installTranslator(ours)
    app.setLayoutDirection(direction_of(language))


def spec_text(text: str) -> str:
    """A label or help sentence of a spec field, translated; `core` keeps them in English."""
    return QCoreApplication.translate("spec", text)
