"""Outline icons, recoloured from the tokens when they are drawn."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

#: Icons that point along the reading direction and are mirrored in right-to-left layouts.
_DIRECTED = frozenset({"chevron-left", "chevron-right", "arrow-right", "send", "external-link"})


@lru_cache(maxsize=128)
def source(name: str) -> str:
    """The SVG text of an icon.

    Raises:
        FileNotFoundError: There is no icon of that name; the tests walk every use.
    """
    return files("resources.icons").joinpath(f"{name}.svg").read_text(encoding="utf-8")


def svg(name: str, colour: str) -> str:
    """The SVG text in `colour`."""
    return source(name).replace("currentColor", colour)


def pixmap(name: str, colour: str, size: int = 18, ratio: float = 0.0, gap: int = 0) -> QPixmap:
    """The icon drawn at `size` px for a screen of the given pixel ratio (0: the application's).

    `gap` px are left free after it, where a text follows.
    """
    scale = ratio or QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]
    image = QPixmap(QSize(round((size + gap) * scale), round(size * scale)))
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    if gap and QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        painter.translate(gap, 0)
    if name in _DIRECTED and QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        painter.translate(size, 0)
        painter.scale(-1, 1)
    QSvgRenderer(QByteArray(svg(name, colour).encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image


def icon(name: str, colour: str, size: int = 18, gap: int = 0) -> QIcon:
    """The icon in `colour` as a QIcon, sharp at 100 and 200 %."""
    result = QIcon(pixmap(name, colour, size, 1.0, gap))
    result.addPixmap(pixmap(name, colour, size, 2.0, gap))
    return result


def write_for_sheet(folder: Path, colours: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Writes recoloured icons for the style sheet, which can only name files.

    Args:
        folder: Where; several windows may share it.
        colours: For each key of the sheet, the icon's name and its colour.

    Returns:
        The file of each key.
    """
    result = {}
    for key, (name, colour) in colours.items():
        path, text = folder / f"{name}-{colour.lstrip('#')}.svg", svg(name, colour)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)  # at once: another window may be reading it
        result[key] = str(path)
    return result
