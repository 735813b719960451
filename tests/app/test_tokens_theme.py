from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

import app
from app.icons import source
from app.style_sheet import style_sheet
from app.theme import load_fonts, theme
from app.tokens import DARK, LIGHT, Tokens, contrast

_APP = Path(app.__file__).parent


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground_it_stands_on(tokens: Tokens) -> None:
    for ground in (tokens.background, tokens.surface, tokens.sidebar):
        assert contrast(tokens.text, ground) >= 7
        assert contrast(tokens.muted, ground) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.accent, tokens.accent_weak) >= 4.5
    for tone in ("good", "warn", "bad", "muted"):
        assert contrast(getattr(tokens, tone), tokens.weak(tone)) >= 3.9
    for colour in (*tokens.series, tokens.accent):
        assert contrast(colour, tokens.surface) >= 2.2


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_style_sheet_leaves_no_token_open(tokens: Tokens) -> None:
    sheet = style_sheet(tokens, {"down": "d.svg", "up": "u.svg", "check": "c.svg"})
    assert "$" not in sheet.replace("$name", "")
    assert tokens.accent in sheet


def test_colours_are_named_in_the_token_table_only() -> None:
    named = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b|QColor\(\d|Qt\.GlobalColor\.(?!transparent)")
    for path in [*_APP.rglob("*.py"), *(_APP.parent / "resources" / "sheets").glob("*.qss")]:
        if path.name != "tokens.py":
            assert not named.search(path.read_text(encoding="utf-8")), path


def test_no_widget_has_a_style_sheet_of_its_own() -> None:
    users = [path.name for path in _APP.rglob("*.py") if "setStyleSheet" in path.read_text(encoding="utf-8")]
    assert users == ["theme.py"]


def test_theme_dresses_the_application_in_either_theme(qapp: QApplication) -> None:
    theme().apply("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.background
    theme().apply("light")
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == LIGHT.background


def test_bundled_fonts_cover_hebrew_arabic_and_our_signs(qapp: QApplication) -> None:
    font = load_fonts()
    families = QFontDatabase.families()
    for family in ("Noto Sans", "Noto Sans Hebrew", "Noto Sans Arabic", "Noto Sans Mono"):
        assert family in families
    metrics = QFontMetrics(font)
    for sign in "✓✗★▸↵→≥אםسپ":
        assert metrics.inFont(sign) or metrics.horizontalAdvance(sign) > 0


def test_bundled_fonts_stay_small() -> None:
    folder = _APP.parent / "resources" / "fonts"
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < 4_000_000
    assert (folder / "OFL.txt").is_file()


def test_every_icon_takes_its_colour_from_the_theme() -> None:
    folder = _APP.parent / "resources" / "icons"
    for path in folder.glob("*.svg"):
        assert 'stroke="currentColor"' in source(path.stem)
