"""How a dialog begins: its title in the frame and above everything else."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QVBoxLayout

from app.tokens import SPACE_M, SPACE_XL
from app.widgets.labels import Label


def begin(dialog: QDialog, title: str, width: int) -> QVBoxLayout:
    """Makes it modal and at least so wide. Returns the column for what follows below the title."""
    dialog.setWindowTitle(title)
    dialog.setModal(True)
    dialog.setMinimumWidth(width)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
    column.setSpacing(SPACE_M)
    column.addWidget(Label(title, "heading", wrap=True))
    return column
