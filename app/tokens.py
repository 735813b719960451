"""The one table of colours, spaces and radii. Nothing else names a colour."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor


@dataclass(frozen=True)
class Tokens:
    """Colours of one theme as `#RRGGBB`."""

    name: str
    background: str
    surface: str
    sidebar: str
    text: str
    muted: str
    border: str
    accent: str
    accent_weak: str
    on_accent: str
    good: str
    warn: str
    bad: str
    series1: str
    series2: str
    series3: str
    series4: str
    series5: str

    @property
    def series(self) -> tuple[str, str, str, str, str]:
        """Colours of curves, in order."""
        return (self.series1, self.series2, self.series3, self.series4, self.series5)

    @property
    def track(self) -> str:
        """The empty part of a bar."""
        return mix(self.text, self.background, 0.14)

    @property
    def hover(self) -> str:
        """A control under the pointer."""
        return mix(self.text, self.surface, 0.05)

    @property
    def faint(self) -> str:
        """Text of something switched off."""
        return mix(self.muted, self.surface, 0.62)

    @property
    def strong_border(self) -> str:
        """The edge of something that is typed into or pressed."""
        return mix(self.text, self.surface, 0.22)

    @property
    def accent_hover(self) -> str:
        """The primary button under the pointer."""
        return mix(self.text, self.accent, 0.14)

    def weak(self, tone: str) -> str:
        """A quiet background for text in `tone` (accent, good, warn, bad, muted)."""
        if tone == "accent":
            return self.accent_weak
        return mix(getattr(self, tone), self.surface, 0.16)

    def colours(self) -> dict[str, str]:
        """Every stored colour by token name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "name"}


LIGHT = Tokens(
    name="light",
    background="#F6F6F3",
    surface="#FFFFFF",
    sidebar="#EEEDE8",
    text="#1F2328",
    muted="#5F6873",
    border="#DDDBD4",
    accent="#0F766E",
    accent_weak="#D7EFEC",
    on_accent="#FFFFFF",
    good="#15803D",
    warn="#B45309",
    bad="#B91C1C",
    series1="#0072B2",
    series2="#D55E00",
    series3="#009E73",
    series4="#CC79A7",
    series5="#E69F00",
)
DARK = Tokens(
    name="dark",
    background="#15181B",
    surface="#1D2226",
    sidebar="#111417",
    text="#E6E8EA",
    muted="#9AA4AE",
    border="#30363C",
    accent="#2DBFAE",
    accent_weak="#143B38",
    on_accent="#0B1F1D",
    good="#4ADE80",
    warn="#FBBF24",
    bad="#F87171",
    series1="#56B4E9",
    series2="#E9863B",
    series3="#3CC79A",
    series4="#E3A0C8",
    series5="#F0C04A",
)

#: Steps of the spacing scale, in px.
SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL, SPACE_XXL = 4, 8, 12, 16, 22, 28
RADIUS_CARD, RADIUS_CONTROL = 10, 7
CONTROL_HEIGHT, PILL_HEIGHT = 34, 22
FONT_TITLE, FONT_VALUE, FONT_HEADING, FONT_TEXT, FONT_NOTE = 21, 18, 15, 14, 12
MOTION_MS = 150


def mix(top: str, bottom: str, share: float) -> str:
    """`share` of the colour `top` over `bottom`."""
    a, b = QColor(top), QColor(bottom)
    return QColor(
        round(a.red() * share + b.red() * (1 - share)),
        round(a.green() * share + b.green() * (1 - share)),
        round(a.blue() * share + b.blue() * (1 - share)),
    ).name()


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2, from 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    value = QColor(colour)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value.redF(), value.greenF(), value.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
