"""Asks why a model is used although its receipt is red."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.dialogs.fitting import FittingDialog
from app.dialogs.head import begin
from app.formats import breakable, short_name
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_S
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.labels import Label
from core.workspace import overrides


class UseAnywayDialog(FittingDialog):
    """The safe answer is the default one; the other needs a reason.

    Args:
        artifact_id: The model.
        name: How it is called.
        reasons: What its receipt says.
        parent: The window.

    Signals:
        decided: The model's id and the person's reason.
    """

    decided = Signal(str, str)

    def __init__(self, artifact_id: str, name: str, reasons: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._artifact_id = artifact_id
        title = self.tr("Use “{name}” although its receipt is red?").format(name=short_name(name))
        column = begin(self, title, 520)
        listed = "\n".join(f"– {breakable(text)}" for text in reasons)
        self.reasons = Label(listed, wrap=True, selectable=True)
        column.addWidget(self.reasons)
        consequence = self.tr(
            "It will not do what its source does. Quantizing again, or with another recipe, is better. "
            "Your reason is written down with the time, and shown wherever this model is used."
        )
        column.addWidget(Label(consequence, "muted", wrap=True))
        label = Label(self.tr("Why do you use it?"))
        self.why = QLineEdit(self)
        self.why.setMinimumHeight(CONTROL_HEIGHT)
        self.why.setMaxLength(300)
        self.why.setAccessibleName(self.tr("Why do you use it?"))
        self.why.setPlaceholderText(self.tr("For example: only to see what it says"))
        label.setBuddy(self.why)
        column.addWidget(label)
        column.addWidget(self.why)
        column.addSpacing(SPACE_L)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.use_button = PlainButton(self.tr("Use it anyway"), parent=self)
        self.use_button.setAutoDefault(False)
        self.use_button.clicked.connect(self._on_use)
        self.keep_button = PrimaryButton(self.tr("Do not use it"), parent=self)
        self.keep_button.setDefault(True)
        self.keep_button.clicked.connect(self.reject)
        row.addWidget(self.use_button)
        row.addWidget(self.keep_button)
        column.addLayout(row)
        self.why.textChanged.connect(self._show)
        self.finished.connect(self.deleteLater)
        self.why.setFocus()
        self._show()
        self.fit_soon()

    @Slot()
    def _show(self) -> None:
        wanting = bool(overrides.reason_fault(self.why.text()))
        self.use_button.setEnabled(not wanting)
        self.use_button.setText(self.tr("Say in a few words why") if wanting else self.tr("Use it anyway"))

    @Slot()
    def _on_use(self) -> None:
        self.accept()
        self.decided.emit(self._artifact_id, self.why.text())
