"""The validation rows that the model understood best and worst."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QGridLayout, QWidget

from app.formats import number_text
from app.models.run_record import ValidationRow
from app.pages.runs.samples_card import short
from app.tokens import SPACE_L, SPACE_S
from app.widgets.buttons import LinkButton
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.tabs import Tabs

_HALF = 8


class RowsCard(Card):
    """Closed at first, so that the page stays calm; the worst rows come first, for they can be mended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Best and worst validation rows"))
        self.toggle = LinkButton("", "chevron-right", self)
        self.toggle.clicked.connect(self._on_toggled)
        self.add_action(self.toggle)
        titles = {"worst": self.tr("Understood worst"), "best": self.tr("Understood best")}
        self.tabs = Tabs(self.tr("Validation rows"), titles, self)
        self.tabs.chosen.connect(self._on_chosen)
        self._table = QWidget(self)
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE_L)
        self._grid.setVerticalSpacing(SPACE_S)
        for column, stretch in enumerate((5, 4, 2)):
            self._grid.setColumnStretch(column, stretch)
        self.add(self.tabs)
        self.add(self._table)
        self._rows: tuple[ValidationRow, ...] = ()
        self._open = False
        self._show()
        self.hide()

    def begin(self) -> None:
        """Closes it for another run."""
        self._open = False
        self.show_rows(())

    def show_rows(self, rows: tuple[ValidationRow, ...]) -> None:
        """Takes rows sorted best first."""
        if rows != self._rows:
            self._rows = rows
            self._show()
        self.setVisible(bool(rows))

    def texts(self) -> list[str]:
        """What the cells say, row by row."""
        labels = (self._grid.itemAt(place).widget() for place in range(self._grid.count()))
        return [label.text() for label in labels if isinstance(label, Label)]

    def _on_toggled(self) -> None:
        self._open = not self._open
        self._show()

    def _on_chosen(self, _key: str) -> None:
        self._show()

    def _show(self) -> None:
        self.toggle.set_icon_name("chevron-down" if self._open else "chevron-right")
        self.toggle.setText(self.tr("Hide") if self._open else self.tr("Show"))
        name = self.tr("Hide the rows") if self._open else self.tr("Show the rows")
        self.toggle.setAccessibleName(name)
        self.tabs.setVisible(self._open)
        self._table.setVisible(self._open)
        while self._grid.count():
            old = self._grid.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        if not self._open:
            return
        half = min(_HALF, (len(self._rows) + 1) // 2)
        best = self.tabs.current == "best"
        rows = self._rows[:half] if best else tuple(reversed(self._rows[-half:]))
        heads = (self.tr("Question"), self.tr("Expected answer"), self.tr("How sure of it"))
        for column, text in enumerate(heads):
            self._grid.addWidget(Label(text, "note"), 0, column)
        for place, row in enumerate(rows, 1):
            self._grid.addWidget(Label(short(row.prompt, 160), wrap=True, selectable=True), place, 0)
            self._grid.addWidget(Label(short(row.expected, 120), wrap=True, selectable=True), place, 1)
            sure = Label(f"{loss_words(row.loss)} · {number_text(row.loss)}", "muted", wrap=True)
            sure.setToolTip(self.tr("Loss a token; 0 is perfect."))
            self._grid.addWidget(sure, place, 2)


def loss_words(loss: float) -> str:
    """A loss a token in plain words: exp(-loss) is the chance the model gives each right token."""
    for limit, text in (
        (0.05, QCoreApplication.translate("RowsCard", "sure")),
        (0.35, QCoreApplication.translate("RowsCard", "fairly sure")),
        (1.2, QCoreApplication.translate("RowsCard", "unsure")),
        (3.0, QCoreApplication.translate("RowsCard", "mostly wrong")),
    ):
        if loss < limit:
            return text
    return QCoreApplication.translate("RowsCard", "far off")
