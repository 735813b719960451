"""Buttons in the looks of the style sheet; icons follow the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.icons import icon
from app.theme import theme


class _Button(QPushButton):
    def __init__(self, text: str, look: str, icon_name: str, parent: QWidget | None) -> None:
        super().__init__(text, parent)
        self.setProperty("look", look)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self._icon_name = icon_name
        self._gap = 4 if text or look == "link" else 0
        if icon_name:
            self.setIconSize(QSize(16 + self._gap, 16))
            theme().changed.connect(self.recolour)
            self.recolour()

    def set_icon_name(self, name: str) -> None:
        """Changes the icon."""
        self._icon_name = name
        self.recolour()

    def recolour(self) -> None:
        """Draws the icon in the colour of the theme in use."""
        colours = theme().tokens
        look = self.property("look")
        colour = {"primary": colours.on_accent, "link": colours.accent}.get(look, colours.text)
        self.setIcon(icon(self._icon_name, colour, 16, self._gap))


class PrimaryButton(_Button):
    """The one button of a page that goes on; when it cannot, its label says why.

    Args:
        text: What it does, for example `Start fine-tuning`.
        icon_name: An icon before the text.
        parent: Owner.
    """

    def __init__(self, text: str, icon_name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "primary", icon_name, parent)
        self._ready_text = text

    def block(self, reason: str) -> None:
        """Switches the button off and shows the reason on it; an empty reason switches it on."""
        self.setEnabled(not reason)
        self.setText(reason or self._ready_text)

    def set_ready_text(self, text: str) -> None:
        """Changes what it says when nothing blocks it."""
        self._ready_text = text
        if self.isEnabled():
            self.setText(text)


class PlainButton(_Button):
    """An ordinary button."""

    def __init__(self, text: str, icon_name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "plain", icon_name, parent)


class LinkButton(_Button):
    """A quiet action in the text's line, such as `Show command` or `Reset`."""

    def __init__(self, text: str, icon_name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "link", icon_name, parent)


class IconButton(_Button):
    """An icon alone; its name is read aloud and shown as tooltip."""

    def __init__(self, name: str, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__("", "icon", icon_name, parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(32, 32)
