"""The frame that every page shares: head, body that scrolls, and a sticky side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from app.tokens import SPACE_L, SPACE_S, SPACE_XL, SPACE_XXL
from app.widgets.labels import ElidedLabel, Label

_SIDE_WIDTH = 330


class PageFrame(QWidget):
    """Title, subtitle and actions above; a scrolling body; at the end side a column that stays.

    Signals:
        page_requested: Another page is asked for, with an argument for it (a run id, an artifact id, None).
        notice_raised: A sentence for the person, and a tone.
    """

    page_requested = Signal(str, object)
    notice_raised = Signal(str, str)

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE_XXL, SPACE_XL, 0, 0)
        outer.setSpacing(SPACE_L)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, SPACE_XXL, 0)
        head.setSpacing(SPACE_S)
        titles = QVBoxLayout()
        titles.setSpacing(2)
        self.title_label = ElidedLabel(title, "title")
        self.subtitle_label = Label(subtitle, "muted", wrap=True)
        self.subtitle_label.setVisible(bool(subtitle))
        titles.addWidget(self.title_label)
        titles.addWidget(self.subtitle_label)
        head.addLayout(titles, 1)
        self._head = head
        outer.addLayout(head)
        self.top = QVBoxLayout()
        self.top.setContentsMargins(0, 0, SPACE_XXL, 0)
        self.top.setSpacing(SPACE_L)
        outer.addLayout(self.top)
        self._columns = QHBoxLayout()
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(0)
        self.body, self._fill, scroll = _scroll_column(SPACE_XXL)
        self._columns.addWidget(scroll, 1)
        outer.addLayout(self._columns, 1)
        self._side: QVBoxLayout | None = None

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Changes the head."""
        self.title_label.set_full_text(title)
        self.subtitle_label.setText(subtitle)
        self.subtitle_label.setVisible(bool(subtitle))
        self.setAccessibleName(title)

    def add_action(self, widget: QWidget) -> None:
        """Puts a button at the end of the head."""
        self._head.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def add(self, item: QWidget | QLayout, stretch: int = 0) -> None:
        """Adds something below what the body already holds; with a stretch it takes the height that is left."""
        if isinstance(item, QWidget):
            self.body.addWidget(item, stretch)
        else:
            self.body.addLayout(item, stretch)
        if stretch:
            self._fill.setStretch(0, 1)
            self._fill.setStretch(1, 0)

    @property
    def side(self) -> QVBoxLayout:
        """The column at the end side, made on first use; it stays while the body scrolls."""
        if self._side is None:
            self._side, _fill, scroll = _scroll_column(SPACE_XXL)
            scroll.setFixedWidth(_SIDE_WIDTH + SPACE_XXL)
            self._columns.addWidget(scroll)
            self.body.setContentsMargins(0, 0, SPACE_XL, SPACE_XL)
        return self._side

    def open_with(self, argument: object) -> None:
        """Called each time the page is shown, with what the caller of `page_requested` gave."""


def _scroll_column(end_margin: int) -> tuple[QVBoxLayout, QVBoxLayout, QScrollArea]:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inside = QWidget()
    inside.setObjectName("scroll_body")
    fill = QVBoxLayout(inside)
    fill.setContentsMargins(0, 0, 0, 0)
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, end_margin, SPACE_XL)
    column.setSpacing(SPACE_L)
    fill.addLayout(column)
    fill.addStretch(1)
    scroll.setWidget(inside)
    return column, fill, scroll
