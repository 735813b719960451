"""Every run of the workspace in a table; one of them opens on a page of its own."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.models import run_table
from app.pages.runs.view_model import RunsViewModel
from app.widgets.card import Card
from app.widgets.empty_state import EmptyState
from app.widgets.page_frame import PageFrame

_ROW_HEIGHT = 40


class RunsPage(PageFrame):
    """Newest first; a double click, Enter or Space opens a run."""

    def __init__(self, view_model: RunsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(
            self.tr("Runs"), self.tr("Everything that ran here, with what it was given and what it made.")
        )
        view_model.setParent(self)
        self._model = view_model
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(view_model.table)
        self._sorted.setSortRole(run_table.SORT_ROLE)
        self.table = self._make_table()
        self.card = Card()
        self.card.add(self.table, 1)
        self.empty = EmptyState(
            "history", self.tr("Nothing has run yet"),
            self.tr("Runs appear here as soon as you add data, fine-tune or quantize."),
            self.tr("Go to Home"),
        )
        self.empty.action_requested.connect(self._on_empty_action)
        self.add(self.card, 1)
        self.add(self.empty, 1)
        view_model.changed.connect(self._on_changed)
        view_model.refresh()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName(self.tr("Runs"))
        table.setProperty("frameless", True)
        table.setModel(self._sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(run_table.STARTED, Qt.SortOrder.DescendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(run_table.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((run_table.KIND, 150), (run_table.STATE, 190), (run_table.STARTED, 170),
                              (run_table.TOOK, 130)):
            header.resizeSection(column, width)
        table.activated.connect(self._on_activated)
        table.doubleClicked.connect(self._on_activated)
        return table

    def open_with(self, argument: object) -> None:
        """Opens the run whose id is given; the list otherwise."""
        self._model.refresh()
        if isinstance(argument, str):
            self.page_requested.emit("run", argument)

    def _on_changed(self) -> None:
        self.card.setVisible(not self._model.is_empty)
        self.empty.setVisible(self._model.is_empty)

    def _on_activated(self, index: QModelIndex) -> None:
        run = index.data(run_table.RUN_ROLE)
        self.page_requested.emit("run", run.id)

    def _on_empty_action(self) -> None:
        self.page_requested.emit("home", None)
