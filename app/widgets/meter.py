"""Bars: how far a job is, and how memory is used."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.formats import size_text
from app.layouts import set_margins
from app.theme import tokens
from app.tokens import SPACE_M, SPACE_S
from app.widgets.labels import Label

_STEPS = 1000
_LEGEND_COLUMNS = 2


class Meter(QProgressBar):
    """A thin bar without text; the text stands beside it.

    Args:
        name: What progresses, read aloud.
        parent: Owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextVisible(False)
        self.setRange(0, _STEPS)
        self.setFixedHeight(8)
        self.setValue(0)

    def set_fraction(self, fraction: float | None) -> None:
        """Fills the bar from 0 to 1; None means that the end is not known yet."""
        self._unknown = fraction is None
        self.setValue(0 if fraction is None else round(min(max(fraction, 0.0), 1.0) * _STEPS))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track and filled part, from the start of the reading direction."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect())
        painter.setBrush(QColor(colours.track))
        painter.drawRoundedRect(area, 4, 4)
        share = max(self.value(), 0) / _STEPS
        if share > 0:
            width = max(area.width() * share, 8.0)
            rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            left = area.right() - width if rtl else area.left()
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRectF(left, 0, width, area.height()), 4, 4)
        painter.end()


@dataclass(frozen=True)
class Segment:
    """A part of the memory: its name, bytes, and number of its series colour from 0 to 4."""

    name: str
    size: int
    series: int


class MemoryBar(QWidget):
    """Parts of a memory side by side against its limit, with a legend below.

    Args:
        name: What is measured, read aloud, for example `Memory at its highest`.
        parent: Owner.
        legend: Whether the parts are named below; another bar of the same parts may do that.
    """

    def __init__(self, name: str, parent: QWidget | None = None, *, legend: bool = True) -> None:
        super().__init__(parent)
        self._name = name
        self._has_legend = legend
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        self._bar = _Segments(self)
        column.addWidget(self._bar)
        self._legend = QGridLayout()
        self._legend.setHorizontalSpacing(SPACE_M)
        self._legend.setVerticalSpacing(0)
        self._legend.setColumnStretch(_LEGEND_COLUMNS, 1)
        column.addLayout(self._legend)

    def set_segments(self, segments: list[Segment], limit: int) -> None:
        """Shows the parts against `limit` bytes."""
        self._bar.segments, self._bar.limit = segments, max(limit, 1)
        while self._legend.count():
            old = self._legend.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for place, item in enumerate(segments if self._has_legend else ()):
            key = _Key(item.name, item.series, self)
            self._legend.addWidget(key, place // _LEGEND_COLUMNS, place % _LEGEND_COLUMNS)
        parts = ", ".join(f"{item.name} {size_text(item.size)}" for item in segments)
        total = sum(item.size for item in segments)
        text = self.tr("{name}: {used} of {limit}. {parts}")
        self.setAccessibleName(
            text.format(name=self._name, used=size_text(total), limit=size_text(limit), parts=parts)
        )
        self._bar.update()


class _Segments(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.segments: list[Segment] = []
        self.limit = 1
        self.setFixedHeight(10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The parts one after the other, clipped to a rounded track; a mark where the limit is passed."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(area, 5, 5)
        painter.setClipPath(clip)
        painter.fillRect(area, QColor(colours.track))
        whole = max(self.limit, sum(item.size for item in self.segments))
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            painter.translate(area.width(), 0)
            painter.scale(-1, 1)
        left = 0.0
        for item in self.segments:
            width = area.width() * item.size / whole
            painter.fillRect(QRectF(left, 0, width, area.height()), QColor(colours.series[item.series % 5]))
            left += width
        if whole > self.limit:
            mark = area.width() * self.limit / whole
            painter.fillRect(QRectF(mark - 1, 0, 3, area.height()), QColor(colours.bad))
        painter.end()


class _Key(QWidget):
    def __init__(self, name: str, series: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._series = series
        row = QHBoxLayout(self)
        set_margins(row, 13, 0, 0, 0)
        row.addWidget(Label(name, "note"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A small square in the part's colour before its name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().series[self._series % 5]))
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = self.width() - 9 if rtl else 0
        painter.drawRoundedRect(QRectF(left, self.height() / 2 - 4, 9, 9), 2, 2)
        painter.end()
