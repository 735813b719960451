"""The one style sheet, set on the application and written from the tokens.

Widgets choose a look by dynamic properties, never by a sheet of their own:
`role` on a QLabel (title, heading, strong, value, muted, note, section, error, mono), `look` on a QPushButton
(primary, plain, link, title, step, icon), `tone` on a pill (accent, good, warn, bad, muted), `card` on a
QFrame (plain, accent, bad).
"""

from __future__ import annotations

from importlib.resources import files
from string import Template

from app.tokens import (
    CONTROL_HEIGHT,
    FONT_HEADING,
    FONT_NOTE,
    FONT_TITLE,
    FONT_VALUE,
    PILL_HEIGHT,
    RADIUS_CARD,
    RADIUS_CONTROL,
    Tokens,
)


def style_sheet(tokens: Tokens, icons: dict[str, str]) -> str:
    """The sheet for one theme.

    Args:
        tokens: The theme's colours.
        icons: File of each recoloured icon a sheet needs: `down`, `up`, `check`.
    """
    sheet = files("resources.sheets").joinpath("workbench.qss").read_text(encoding="utf-8")
    return Template(sheet).substitute(
        tokens.colours(),
        track=tokens.track,
        hover=tokens.hover,
        strong_border=tokens.strong_border,
        control_edge=tokens.muted,
        accent_hover=tokens.accent_hover,
        accent_text=tokens.accent,
        faint=tokens.faint,
        good_weak=tokens.weak("good"),
        warn_weak=tokens.weak("warn"),
        bad_weak=tokens.weak("bad"),
        muted_weak=tokens.weak("muted"),
        card=RADIUS_CARD,
        control=RADIUS_CONTROL,
        inner=CONTROL_HEIGHT - 2,
        inner_focus=CONTROL_HEIGHT - 4,
        pill=PILL_HEIGHT,
        pill_radius=PILL_HEIGHT // 2,
        title_px=FONT_TITLE,
        heading_px=FONT_HEADING,
        value_px=FONT_VALUE,
        note_px=FONT_NOTE,
        **{f"icon_{name}": path.replace("\\", "/") for name, path in icons.items()},
    )
