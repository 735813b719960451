"""Margins by reading direction: Qt mirrors a layout's items, but not its margins."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLayout


def set_margins(layout: QLayout, start: int, top: int, end: int, bottom: int) -> None:
    """Sets margins where start is left in left-to-right languages and right in the others."""
    if QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        start, end = end, start
    layout.setContentsMargins(start, top, end, bottom)
