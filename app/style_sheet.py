"""The one style sheet, set on the application and written from the tokens.

Widgets choose a look by dynamic properties, never by a sheet of their own:
`role` on a QLabel (title, heading, value, muted, note, section, mono), `look` on a QPushButton (primary, plain,
link, step), `tone` on a pill (accent, good, warn, bad, muted), `card` on a QFrame (plain, accent, bad).
"""

from __future__ import annotations

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

_SHEET = Template("""
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 6px 8px; }
QFrame[card="plain"] { background: $surface; border: 1px solid $border; border-radius: ${card}px; }
QFrame[card="accent"] { background: $surface; border: 1px solid $accent; border-radius: ${card}px; }
QFrame[card="bad"] { background: $surface; border: 1px solid $bad; border-radius: ${card}px; }
QFrame[choice="idle"] { background: $surface; border: 1px solid $border; border-radius: ${card}px; margin: 1px; }
QFrame[choice="hover"] { background: $hover; border: 1px solid $strong_border; border-radius: ${card}px; margin: 1px; }
QFrame[choice="chosen"] { background: $surface; border: 2px solid $accent; border-radius: ${card}px; }
QFrame[choice="focused"] { background: $accent_weak; border: 2px solid $accent; border-radius: ${card}px; }
QFrame[line="true"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QWidget#sidebar { background: $sidebar; border: none; }
QWidget#job_bar { background: $surface; border: none; border-top: 1px solid $border; }
QWidget#page, QScrollArea#page_scroll, QWidget#page_body { background: $background; }
QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget#scroll_body { background: transparent; }

QLabel { background: transparent; }
QLabel[role="title"] { font-size: ${title_px}px; font-weight: 600; }
QLabel[role="heading"] { font-size: ${heading_px}px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="value"] { font-size: ${value_px}px; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="note"] { color: $muted; font-size: ${note_px}px; }
QLabel[role="error"] { color: $bad; font-size: ${note_px}px; }
QLabel[role="section"] { color: $muted; font-size: ${note_px}px; }
QLabel[role="mono"], QPlainTextEdit[role="mono"] { font-family: "Noto Sans Mono"; font-size: ${note_px}px; }
QLabel:disabled { color: $faint; }

QLabel[pill="true"] {
  border-radius: ${pill_radius}px; padding: 0 10px; font-size: ${note_px}px; font-weight: 600;
  min-height: ${pill}px; max-height: ${pill}px;
}
QLabel[tone="accent"] { background: $accent_weak; color: $accent_text; }
QLabel[tone="good"] { background: $good_weak; color: $good; }
QLabel[tone="warn"] { background: $warn_weak; color: $warn; }
QLabel[tone="bad"] { background: $bad_weak; color: $bad; }
QLabel[tone="muted"] { background: $muted_weak; color: $muted; }

QPushButton, QToolButton[look="plain"] {
  background: $surface; color: $text; border: 1px solid $strong_border; border-radius: ${control}px;
  padding: 0 14px; min-height: ${inner}px;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $track; }
QPushButton:focus { border: 2px solid $accent; padding: 0 13px; min-height: ${inner_focus}px; }
QPushButton:disabled { color: $faint; border-color: $border; background: $surface; }
QPushButton[look="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[look="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[look="primary"]:focus { border: 2px solid $text; }
QPushButton[look="primary"]:disabled { background: $track; color: $muted; border-color: $track; }
QPushButton[look="link"] {
  background: transparent; border: 2px solid transparent; color: $accent_text; padding: 0 4px; text-align: left;
}
QPushButton[look="link"]:hover { text-decoration: underline; }
QPushButton[look="link"]:focus { border: 2px solid $accent; }
QPushButton[look="link"]:disabled { color: $faint; }
QPushButton[look="step"] {
  border-radius: 16px; padding: 0 14px; min-height: 30px; max-height: 30px; border: 1px solid $strong_border;
  background: transparent; color: $muted; font-size: ${note_px}px; font-weight: 600;
}
QPushButton[look="step"][step="done"], QPushButton[look="step"][step="current"] {
  background: $accent_weak; color: $accent_text; border-color: $accent_weak;
}
QPushButton[look="step"][step="current"] { border-color: $accent; }
QPushButton[look="step"]:focus { border: 2px solid $accent; padding: 0 13px; min-height: 28px; max-height: 28px; }
QPushButton[look="icon"] {
  background: transparent; border: 2px solid transparent; padding: 0; min-width: 28px; min-height: 28px;
}
QPushButton[look="icon"]:hover { background: $hover; }
QPushButton[look="icon"]:focus { border: 2px solid $accent; padding: 0; min-height: 28px; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QListView, QTableView, QTreeView {
  background: $surface; color: $text; border: 1px solid $strong_border; border-radius: ${control}px;
  selection-background-color: $accent_weak; selection-color: $text;
}
QLineEdit, QComboBox, QAbstractSpinBox { padding: 0 10px; min-height: ${inner}px; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus,
QListView:focus, QTableView:focus { border: 2px solid $accent; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus { padding: 0 9px; min-height: ${inner_focus}px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $faint; border-color: $border; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"] { border: 2px solid $bad; }
QComboBox::drop-down { border: none; width: 28px; subcontrol-position: right center; }
QComboBox::down-arrow { image: url($icon_down); width: 16px; height: 16px; }
QComboBox QAbstractItemView { border: 1px solid $strong_border; border-radius: 0; padding: 4px; outline: none; }
QComboBox QAbstractItemView::item { min-height: 30px; padding: 0 8px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 24px; background: transparent; }
QAbstractSpinBox::up-arrow { image: url($icon_up); width: 14px; height: 14px; }
QAbstractSpinBox::down-arrow { image: url($icon_down); width: 14px; height: 14px; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; background: transparent; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }
QCheckBox::indicator, QRadioButton::indicator {
  width: 16px; height: 16px; border: 1px solid $control_edge; background: $surface;
}
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($icon_check); }
QRadioButton::indicator:checked { border: 5px solid $accent; width: 8px; height: 8px; background: $surface; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $border; }
QCheckBox:focus { border: 2px solid $accent; border-radius: 4px; }

QTableView { gridline-color: $border; alternate-background-color: $surface; }
QTableView[frameless="true"], QListView[frameless="true"], QPlainTextEdit[frameless="true"],
QTextEdit[frameless="true"] { border: none; background: transparent; }
QTableView::item { padding: 0 10px; border-bottom: 1px solid $border; }
QTableView::item:selected { background: $accent_weak; color: $text; }
QTableView::item:focus { border: 1px solid $accent; }
QListView::item { min-height: 30px; padding: 2px 8px; }
QListView::item:selected { background: $accent_weak; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section {
  background: $surface; color: $muted; border: none; border-bottom: 1px solid $border; padding: 0 10px;
  min-height: 34px; font-weight: 600;
}
QTableCornerButton::section { background: $surface; border: none; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: $strong_border; border-radius: 4px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QMenu { background: $surface; border: 1px solid $strong_border; padding: 4px; }
QMenu::item { padding: 6px 20px; border-radius: 4px; min-height: 22px; }
QMenu::item:selected { background: $accent_weak; }
QDialog { background: $background; }
""")


def style_sheet(tokens: Tokens, icons: dict[str, str]) -> str:
    """The sheet for one theme.

    Args:
        tokens: The theme's colours.
        icons: File of each recoloured icon a sheet needs: `down`, `up`, `check`.
    """
    return _SHEET.substitute(
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
