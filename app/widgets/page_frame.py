"""The frame that every page shares: head, body that scrolls, and a sticky side."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from app.layouts import set_margins
from app.safety import safe_override
from app.tokens import SPACE_L, SPACE_S, SPACE_XL, SPACE_XXL
from app.widgets.labels import ElidedLabel, Label

_SIDE_WIDTH, _NARROW_SIDE_WIDTH, _WIDE = 330, 270, 1000
_MARGIN_BESIDE = SPACE_XL - SPACE_S
_TITLE_WIDTH = 320  # with less room beside them, the actions go below the title


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
        set_margins(outer, SPACE_XXL, SPACE_XL, 0, 0)
        outer.setSpacing(SPACE_L)
        head = QHBoxLayout()
        set_margins(head, 0, 0, SPACE_XXL, 0)
        head.setSpacing(SPACE_S)
        titles = QVBoxLayout()
        titles.setSpacing(2)
        self.title_label = ElidedLabel(title, "title")
        self.subtitle_label = Label(subtitle, "muted", wrap=True)
        self.subtitle_label.setVisible(bool(subtitle))
        titles.addWidget(self.title_label)
        titles.addWidget(self.subtitle_label)
        head.addLayout(titles, 1)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(SPACE_S)
        head.addLayout(self._actions)
        self._head = head
        outer.addLayout(head)
        self.top = QVBoxLayout()
        set_margins(self.top, 0, 0, SPACE_XXL, 0)
        self.top.setSpacing(SPACE_L)
        outer.addLayout(self.top)
        self._columns = QHBoxLayout()
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(SPACE_S)  # between the body's bar and the side
        self._body = _Scroll(SPACE_XXL)
        self._columns.addWidget(self._body, 1)
        outer.addLayout(self._columns, 1)
        self._side: _Scroll | None = None

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Changes the head."""
        self.title_label.set_full_text(title)
        self.subtitle_label.setText(subtitle)
        self.subtitle_label.setVisible(bool(subtitle))
        self.setAccessibleName(title)

    def add_action(self, widget: QWidget) -> None:
        """Puts a button at the end of the head."""
        self._actions.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def add(self, item: QWidget | QLayout, stretch: int = 0) -> None:
        """Adds something below what the body already holds; with a stretch it takes the free height."""
        self._body.add(item, stretch)

    @property
    def side(self) -> QVBoxLayout:
        """The column at the end side, made on first use; it stays while the body scrolls."""
        return self._side_scroll().column

    def add_side(self, item: QWidget | QLayout, stretch: int = 0) -> None:
        """Adds something to the side; with a stretch it takes the free height."""
        self._side_scroll().add(item, stretch)

    def show_side(self, on: bool) -> None:
        """Shows the column at the end side, or gives its room to the body."""
        if self._side is not None:
            self._side.setVisible(on)
            self._body.set_end_margin(_MARGIN_BESIDE if on else SPACE_XXL)

    def _side_scroll(self) -> _Scroll:
        if self._side is None:
            self._side = _Scroll(SPACE_XXL)
            self._fit_side()
            self._columns.addWidget(self._side)
            self._body.set_end_margin(_MARGIN_BESIDE)
        return self._side

    def _fit_side(self) -> None:
        if self._side is not None:
            width = _SIDE_WIDTH if self.width() >= _WIDE else _NARROW_SIDE_WIDTH
            self._side.setFixedWidth(width + SPACE_XXL)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the body more of a narrow window."""
        super().resizeEvent(event)
        self._fit_side()
        self._fit_head()

    @safe_override(bool)
    def event(self, event: QEvent) -> bool:
        """Looks again whether the head has room when an action came or went."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_head()
        return super().event(event)

    def _fit_head(self) -> None:
        """Puts the actions below the title where they would leave it no room beside them."""
        room = self.width() - SPACE_XXL * 2 - self._actions.sizeHint().width()
        below = room < _TITLE_WIDTH
        way = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._head.direction() != way:
            self._head.setDirection(way)
            self._head.setAlignment(
                self._actions, Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag(0)
            )

    def open_with(self, argument: object) -> None:
        """Called each time the page is shown, with what the caller of `page_requested` gave."""


class _Scroll(QScrollArea):
    """A column that scrolls; the bar takes its room from the margin, so that nothing moves when it comes."""

    def __init__(self, end_margin: int) -> None:
        super().__init__()
        self._end_margin = end_margin
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("scroll_body")
        self._fill = QVBoxLayout(inside)
        self._fill.setContentsMargins(0, 0, 0, 0)
        self.column = QVBoxLayout()
        self.column.setSpacing(SPACE_L)
        self._fill.addLayout(self.column)
        self._fill.addStretch(1)
        self.setWidget(inside)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.set_end_margin(end_margin)

    def set_end_margin(self, margin: int) -> None:
        """Changes the room at the end side."""
        self._end_margin = margin
        self._on_range_changed(0, self.verticalScrollBar().maximum())

    def add(self, item: QWidget | QLayout, stretch: int) -> None:
        """Adds an item; one with a stretch takes the height that is left."""
        if isinstance(item, QWidget):
            self.column.addWidget(item, stretch)
        else:
            self.column.addLayout(item, stretch)
        if stretch:
            self._fill.setStretch(0, 1)
            self._fill.setStretch(1, 0)

    def _on_range_changed(self, _least: int, most: int) -> None:
        bar = self.verticalScrollBar().sizeHint().width() if most > 0 else 0
        set_margins(self.column, 0, 0, max(self._end_margin - bar, 0), SPACE_XL)
