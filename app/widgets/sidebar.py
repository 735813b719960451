"""The stages of the work in their order, each with its state."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QPushButton, QVBoxLayout, QWidget

from app.icons import pixmap
from app.theme import tokens
from app.tokens import RADIUS_CONTROL
from app.widgets.labels import Label

State = Literal["none", "empty", "ready", "busy", "warn"]
_WIDTH = 208


class Sidebar(QWidget):
    """Navigation on the start side; Settings stands at its foot."""

    page_requested = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(self.tr("Pages"))
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._items: dict[str, NavItem] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(9, 14, 9, 14)
        self._column.setSpacing(2)
        self._column.addWidget(_Brand(name, self))
        self._column.addSpacing(8)
        self._next = self._column.count()
        self._column.addStretch(1)

    def add_section(self, title: str) -> None:
        """Begins a titled group."""
        label = Label(title.upper(), "section")
        label.setContentsMargins(11, 14, 11, 4)
        self._insert(label)

    def add_page(self, key: str, title: str, icon_name: str, *, at_foot: bool = False) -> None:
        """Adds an entry below the others, or at the very bottom."""
        item = NavItem(title, icon_name, self)
        item.clicked.connect(item.announce)
        item.key = key
        item.requested.connect(self.page_requested)
        self._items[key] = item
        self._group.addButton(item)
        if at_foot:
            self._column.addWidget(item)
        else:
            self._insert(item)

    def _insert(self, widget: QWidget) -> None:
        self._column.insertWidget(self._next, widget)
        self._next += 1

    def select(self, key: str) -> None:
        """Marks an entry as shown."""
        self._items[key].setChecked(True)

    def set_state(self, key: str, state: State) -> None:
        """Says how a stage stands: nothing yet, something there, a job at work, something to look at."""
        if key in self._items:
            self._items[key].set_state(state)

    @property
    def keys(self) -> list[str]:
        """Keys of the entries in order."""
        return list(self._items)


class NavItem(QPushButton):
    """One entry: icon, title, and a dot whose meaning is also read aloud."""

    requested = Signal(str)

    def __init__(self, title: str, icon_name: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.key = ""
        self.state: State = "none"
        self._icon_name = icon_name
        self._by_keyboard = False
        self.setCheckable(True)
        self.setFlat(True)
        self.setFixedHeight(34)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_state("none")

    def announce(self) -> None:
        """Asks for this page."""
        self.requested.emit(self.key)

    def set_state(self, state: State) -> None:
        """Changes the dot."""
        self.state = state
        words = {
            "none": "",
            "empty": self.tr("nothing here yet"),
            "ready": self.tr("ready"),
            "busy": self.tr("at work"),
            "warn": self.tr("needs a look"),
        }[state]
        self.setAccessibleName(f"{self.text()}, {words}" if words else self.text())
        self.setToolTip(words)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The ring is for those who come by keyboard."""
        reasons = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_keyboard = event.reason() in reasons
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground of the chosen entry, icon, title, dot, focus ring."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked():
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.setBrush(QColor(colours.surface))
            painter.drawRoundedRect(area, RADIUS_CONTROL, RADIUS_CONTROL)
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.border))
            painter.setOpacity(0.5)
            painter.drawRoundedRect(area, RADIUS_CONTROL, RADIUS_CONTROL)
            painter.setOpacity(1.0)
        if self.hasFocus() and self._by_keyboard:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), RADIUS_CONTROL - 1, RADIUS_CONTROL - 1)
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        size = QSize(17, 17)
        colour = colours.accent if self.isChecked() else colours.muted
        left = self.width() - 11 - size.width() if rtl else 11
        ratio = self.devicePixelRatioF()
        painter.drawPixmap(
            left, (self.height() - size.height()) // 2, pixmap(self._icon_name, colour, size.width(), ratio)
        )
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        text_area = self.rect().adjusted(26, 0, -38, 0) if rtl else self.rect().adjusted(38, 0, -26, 0)
        side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
        painter.drawText(text_area, side | Qt.AlignmentFlag.AlignVCenter, self.text())
        self._paint_dot(painter, rtl)
        painter.end()

    def _paint_dot(self, painter: QPainter, rtl: bool) -> None:
        if self.state == "none":
            return
        colours = tokens()
        colour = {
            "empty": colours.track,
            "ready": colours.good,
            "busy": colours.accent,
            "warn": colours.warn,
        }[self.state]
        centre_x = 15.0 if rtl else self.width() - 15.0
        spot = QRectF(centre_x - 4, self.height() / 2 - 4, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        if self.state == "busy":  # a ring, so that it differs from `ready` without colour too
            painter.setPen(QPen(QColor(colour), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            spot.adjust(1, 1, -1, -1)
        painter.drawEllipse(spot)


class _Brand(QWidget):
    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(34)
        self._name = name

    def paintEvent(self, event: QPaintEvent) -> None:
        """The program's mark and name."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(QRectF(self.width() - 29 if rtl else 11, 8, 18, 18), 5, 5)
        font = QFont(self.font())
        font.setPixelSize(15)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
        area = self.rect().adjusted(0, 0, -38, 0) if rtl else self.rect().adjusted(38, 0, 0, 0)
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.end()
