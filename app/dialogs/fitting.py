"""A dialog whose parts come and go."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QWidget


class FittingDialog(QDialog):
    """Becomes as high as what it shows once `fit_soon` was called.

    Parts that were never shown know their height only after the style has dressed them, so not at once.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit_timer = QTimer(self)
        self._fit_timer.setSingleShot(True)
        self._fit_timer.setInterval(0)
        self._fit_timer.timeout.connect(self._fit)

    def fit_soon(self) -> None:
        """Something came or went."""
        self._fit_timer.start()

    @Slot()
    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            width = max(self.width(), self.minimumWidth())
            layout.activate()
            self.resize(width, layout.totalHeightForWidth(width))
