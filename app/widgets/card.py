"""A surface with a border that groups what belongs together."""

from __future__ import annotations

from typing import Literal

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from app.theme import restyle
from app.tokens import SPACE_M, SPACE_S, SPACE_XL
from app.widgets.labels import Label

Room = Literal["fits", "tight", "no"]
#: Sign before a figure, and the role of its label.
_ROOM: dict[Room, tuple[str, str]] = {
    "fits": ("", "strong"),
    "tight": ("⚠", "scarce"),
    "no": ("✗", "lacking"),
}


class Card(QFrame):
    """Title, quiet second line, actions at the end of the head, and a body below.

    Args:
        title: Bold head; no head at all when empty and nothing is added to it.
        note: A muted line below the title.
        kind: plain, accent (the recommended thing) or bad (an error).
        parent: Owner.
    """

    def __init__(
        self,
        title: str = "",
        note: str = "",
        *,
        kind: Literal["plain", "accent", "bad"] = "plain",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("card", kind)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(18, 16, 18, 16)
        self._outer.setSpacing(SPACE_M)
        self._head = QHBoxLayout()
        self._head.setSpacing(SPACE_S)
        titles = QVBoxLayout()
        titles.setSpacing(3)
        self.title_label = Label(title, "strong")
        self.title_label.setVisible(bool(title))
        self.note_label = Label(note, "muted", wrap=True)
        self.note_label.setVisible(bool(note))
        titles.addWidget(self.title_label)
        titles.addWidget(self.note_label)
        self._head.addLayout(titles, 1)
        self._outer.addLayout(self._head)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE_M)
        self._outer.addLayout(self.body, 1)
        self.setAccessibleName(title)

    def set_title(self, title: str) -> None:
        """Changes the bold head."""
        self.title_label.setText(title)
        self.title_label.setVisible(bool(title))
        self.setAccessibleName(title)

    def set_note(self, note: str) -> None:
        """Changes the muted line below the title."""
        self.note_label.setText(note)
        self.note_label.setVisible(bool(note))

    def set_kind(self, kind: Literal["plain", "accent", "bad"]) -> None:
        """Changes the border."""
        restyle(self, card=kind)

    def add_action(self, widget: QWidget) -> None:
        """Puts a button or pill at the end of the head."""
        self._head.addWidget(widget)

    def add(self, item: QWidget | QLayout, stretch: int = 0) -> None:
        """Adds something below what the body already holds."""
        if isinstance(item, QWidget):
            self.body.addWidget(item, stretch)
        else:
            self.body.addLayout(item, stretch)


class Facts(QWidget):
    """Lines of a name at the start and its figure at the end, such as `Time … about 4 min 10 s`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(SPACE_S)
        self._values: dict[str, Label] = {}

    def clear(self) -> None:
        """Removes every line."""
        while self._rows.count():
            row = self._rows.takeAt(0).layout()
            while row is not None and row.count():
                widget = row.takeAt(0).widget()
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
        self._values = {}

    @property
    def names(self) -> list[str]:
        """Names of the lines, from top to bottom."""
        return list(self._values)

    def set_fact(self, name: str, value: str, room: Room = "fits", aloud: str = "") -> None:
        """Adds a line or changes its figure, which says by sign and colour where it is scarce or wrong.

        Args:
            name: What stands at the start.
            value: The figure.
            room: Decides sign and colour.
            aloud: What is read aloud for the sign; of memory and disk when left out.
        """
        if name not in self._values:
            row = QHBoxLayout()
            row.setSpacing(SPACE_XL)
            row.addWidget(Label(name))
            row.addStretch(1)
            self._values[name] = Label("", "strong")
            row.addWidget(self._values[name])
            self._rows.addLayout(row)
        sign, role = _ROOM[room]
        label = self._values[name]
        label.setText(f"{sign} {value}".strip())
        restyle(label, role=role)
        said = {"fits": "{value}", "tight": self.tr("{value}, tight"), "no": self.tr("{value}, not enough")}
        heard = f"{value}, {aloud}" if aloud else said[room].format(value=value)
        label.setAccessibleName(f"{name}: {heard}")
