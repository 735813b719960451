"""Asks once before something that cannot be undone, and names the thing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.dialogs.fitting import FittingDialog
from app.dialogs.head import begin
from app.tokens import SPACE_L, SPACE_S
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.labels import Label


class ConfirmDialog(FittingDialog):
    """The safe answer is the default one: Enter and Escape change nothing.

    Args:
        question: Names the thing, for example `Cancel “Banking questions”?`
        consequence: What will be lost and what stays.
        act: Label of the answer that acts.
        keep: Label of the safe answer.
        third: Label of another way out, such as `Stop and keep`; none when empty.
        parent: The window.

    Signals:
        confirmed: The person chose to act.
        third_chosen: The person chose the third way.
    """

    confirmed = Signal()
    third_chosen = Signal()

    def __init__(
        self,
        question: str,
        consequence: str,
        act: str,
        keep: str,
        third: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = begin(self, question, 440)
        column.addWidget(Label(consequence, "muted", wrap=True))
        column.addSpacing(SPACE_L)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.act_button = PlainButton(act, parent=self)
        self.act_button.clicked.connect(self._on_act)
        row.addWidget(self.act_button)
        if third:
            self.third_button = PlainButton(third, parent=self)
            self.third_button.clicked.connect(self._on_third)
            row.addWidget(self.third_button)
        self.keep_button = PrimaryButton(keep, parent=self)
        self.keep_button.setDefault(True)
        self.keep_button.clicked.connect(self.reject)
        row.addWidget(self.keep_button)
        column.addLayout(row)
        self.keep_button.setFocus()
        self.finished.connect(self.deleteLater)
        self.fit_soon()

    def _on_act(self) -> None:
        self.accept()
        self.confirmed.emit()

    def _on_third(self) -> None:
        self.accept()
        self.third_chosen.emit()
