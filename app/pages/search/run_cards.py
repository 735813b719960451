"""The parts of a search's page beside its plots: the best so far, the table, what mattered."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QGridLayout, QHeaderView, QTableView, QWidget

from app.formats import number_text
from app.models import trial_table
from app.models.search_words import field_word
from app.models.sorted_items import SortedItems
from app.models.trial_table import TrialTableModel
from app.pages.search.results import SearchResults
from app.tokens import SPACE_S
from app.widgets.buttons import PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.meter import Meter

_ROW_HEIGHT, _ROWS_SHOWN = 34, 12


class BestCard(Card):
    """The best trial in a sentence, and the button that uses it."""

    use_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(kind="accent", parent=parent)
        self.button = PrimaryButton(self.tr("Use the best"), parent=self)
        self.button.clicked.connect(self.use_requested)
        self.add_action(self.button)
        self.hide()

    def show_results(self, results: SearchResults) -> None:
        """Shows the best so far; hidden while there is none."""
        best = results.best
        self.setVisible(best is not None)
        if best is None or best.value is None:
            return
        loss = number_text(best.value)
        title = self.tr("Trial {number} is the best: validation loss {loss}")
        self.set_title(title.format(number=best.number, loss=loss))
        gain = results.gain
        if gain is None:
            compared = self.tr("Opens the fine-tuning with these settings filled in.")
        elif best.number == 1:
            compared = self.tr("These are the usual settings; nothing better was found yet.")
        else:
            compared = self.tr("{share} % below that of the usual settings, which trial 1 took.")
            compared = compared.format(share=number_text(round(gain * 100)))
        values = " · ".join(f"{field_word(name)} {number_text(value)}" for name, value in best.params.items())
        self.set_note(f"{values}\n{compared}")


class ImportanceCard(Card):
    """How much each setting mattered, as bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("What mattered"))
        self.set_note(self.tr("Share of the differences in loss"))
        self._shown: dict[str, float] | None = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_S)
        self._grid.setVerticalSpacing(SPACE_S)
        self._grid.setColumnStretch(1, 1)
        self.add(self._grid)
        self.waiting = Label(self.tr("Shown once eight trials are finished."), "note", wrap=True)
        self.add(self.waiting)

    def show_importance(self, shares: dict[str, float] | None) -> None:
        """Shows the shares, the largest first."""
        self.waiting.setVisible(not shares)
        if shares == self._shown:
            return
        self._shown = shares
        while self._grid.count():
            old = self._grid.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for row, (field, share) in enumerate((shares or {}).items()):
            meter = Meter(field_word(field), self)
            meter.set_fraction(share)
            self._grid.addWidget(Label(field_word(field)), row, 0)
            self._grid.addWidget(meter, row, 1)
            self._grid.addWidget(Label(f"{100 * share:.0f} %", "strong"), row, 2)


class TrialTable(QTableView):
    """The trials; a click on a heading sorts, a row can be chosen.

    Signals:
        trial_chosen: Number of the trial whose row was chosen.
    """

    trial_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Trials"))
        self.setProperty("frameless", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.rows = TrialTableModel(self)
        self._proxy = SortedItems(self)
        self._proxy.setSourceModel(self.rows)
        self._proxy.setSortRole(trial_table.SORT_ROLE)
        self.setModel(self._proxy)
        self.setSortingEnabled(True)
        self.sortByColumn(trial_table.LOSS, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.setMinimumHeight(_ROW_HEIGHT * 4)

    def show_results(self, results: SearchResults) -> None:
        """Shows the trials as they are now."""
        self.rows.set_trials(results.trials, results.best.number if results.best else 0)
        rows = min(max(self._proxy.rowCount(), 3), _ROWS_SHOWN)
        self.setFixedHeight(_ROW_HEIGHT * rows + 42)

    def choose(self, number: int) -> None:
        """Chooses a trial's row without saying so."""
        for row in range(self._proxy.rowCount()):
            index = self._proxy.index(row, 0)
            if index.data(trial_table.NUMBER_ROLE) == number:
                selection = self.selectionModel()
                selection.blockSignals(True)
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                selection.blockSignals(False)
                self.scrollTo(index)
                self.viewport().update()

    def _on_selection_changed(self, selected: QItemSelection, _before: QItemSelection) -> None:
        indexes = selected.indexes()
        if indexes:
            self.trial_chosen.emit(int(indexes[0].data(trial_table.NUMBER_ROLE)))
