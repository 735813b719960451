"""Asks how training rows are to be varied."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.pages.data.fields import ChoiceField
from app.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.labels import Label

_SHARES = (0.0, 0.1, 0.2, 0.3, 0.5)


class VaryDialog(QDialog):
    """How many rows get typing errors, and which model rewrites some.

    Signals:
        confirmed: Share of rows with typos, and the id of the rewriting model or an empty text.
    """

    confirmed = Signal(float, str)

    def __init__(self, name: str, models: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Add varied rows"))
        self.setModal(True)
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_M)
        title = self.tr("Add varied rows to “{name}”").format(name=name)
        column.addWidget(Label(title, "heading", wrap=True))
        text = self.tr(
            "A new version gets copies of training rows whose questions are written differently. Answers, "
            "and the rows to watch and for the test, stay as they are."
        )
        column.addWidget(Label(text, "muted", wrap=True))
        self.typos = ChoiceField(self.tr("Rows copied with typing errors"), self)
        percent = self.tr("{percent} %")
        shares = [(str(share), percent.format(percent=round(share * 100))) for share in _SHARES]
        self.typos.set_choices([(shares[0][0], self.tr("None")), *shares[1:]])
        self.typos.choose("0.2")
        self.model = ChoiceField(self.tr("Half of the rows in other words, written by"), self)
        self.model.set_choices([("", self.tr("No model")), *models])
        self.typos.chosen.connect(self._on_changed)
        self.model.chosen.connect(self._on_changed)
        column.addWidget(self.typos)
        column.addWidget(self.model)
        column.addSpacing(SPACE_L)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.act_button = PrimaryButton(self.tr("Add varied rows"), parent=self)
        self.act_button.clicked.connect(self._on_act)
        row.addWidget(self.cancel_button)
        row.addWidget(self.act_button)
        column.addLayout(row)
        self.finished.connect(self.deleteLater)

    @Slot()
    def _on_changed(self) -> None:
        nothing = float(self.typos.value()) == 0 and not self.model.value()
        self.act_button.block(self.tr("Choose what to add first") if nothing else "")

    @Slot()
    def _on_act(self) -> None:
        self.accept()
        self.confirmed.emit(float(self.typos.value()), self.model.value())
