"""Asks once before a training starts that does not fit."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.dialogs.confirm import ConfirmDialog


class StartAnywayDialog(ConfirmDialog):
    """`confirmed` means that the person insists."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            QCoreApplication.translate("StartAnywayDialog", "Start although it does not fit?"),
            QCoreApplication.translate(
                "StartAnywayDialog",
                "The run needs more memory than is free. The computer may become very slow, or end the run; "
                "what it has saved until then stays. The run's log will say that you chose this.",
            ),
            QCoreApplication.translate("StartAnywayDialog", "Start anyway"),
            QCoreApplication.translate("StartAnywayDialog", "Do not start"),
            parent=parent,
        )
